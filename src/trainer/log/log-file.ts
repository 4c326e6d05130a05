import { constants } from 'node:fs';
import { appendFile, type FileHandle, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { crc32 } from 'node:zlib';
import { isAlive } from '../../lib/system/process-identity.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { readClaim } from '../disk/run-files.ts';

/** How much of a file's beginning, and of what was read last, is remembered. */
const printBytes = 1024;

const nothing = Buffer.alloc(0);

/** The beginning of a file and the bytes that were read last: it tells whether a file is still the same. */
export interface Print {
  head: Sum;
  tail: Sum;
}

interface Sum {
  length: number;
  crc: number;
}

/**
 * The file that a job's output goes to. Others may cut it, replace it or remove it while it is read:
 * every read says whether the file still holds what was read before.
 */
export class LogFile {
  readonly #folder: JobFolder;
  #file: FileHandle;
  /** The byte behind what was read. */
  #at = 0;
  #head: Buffer = nothing;
  #tail: Buffer = nothing;

  private constructor(folder: JobFolder, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Opens what the job writes to, also where that has been renamed or removed; an empty log where nothing is left. */
  static async open(folder: JobFolder): Promise<LogFile> {
    const path = writerOf(folder) ?? folder.log;
    return new LogFile(folder, (await tryOpen(path)) ?? (await open(devNull, 'r')));
  }

  get print(): Print {
    return { head: sumOf(this.#head), tail: sumOf(this.#tail) };
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** Whether the file has this print when it was read up to the byte `at`. */
  async matches({ head, tail }: Print, at: number): Promise<boolean> {
    const there = [await this.#bytes(0, head.length), await this.#bytes(at - tail.length, at)];
    return [head, tail].every((sum, index) => {
      const bytes = there[index] ?? nothing;
      return bytes.length === sum.length && crc32(bytes) === sum.crc;
    });
  }

  /** Goes on at the byte `at`. */
  async seek(at: number): Promise<void> {
    this.#head = await this.#bytes(0, Math.min(at, printBytes));
    this.#tail = await this.#bytes(Math.max(0, at - printBytes), at);
    this.#at = at;
  }

  /** Up to `maxBytes` of what follows, less at the end of the file; null where the file is not the same any more. */
  async readOn(maxBytes: number): Promise<Buffer | null> {
    const tail = this.#tail;
    const buffer = Buffer.allocUnsafe(tail.length + maxBytes);
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#at - tail.length);
    const same = bytesRead >= tail.length && buffer.subarray(0, tail.length).equals(tail);
    // Asked last: the file may have been cut while it was read.
    if (!same || !(await this.#hasHead())) return null;
    const bytes = buffer.subarray(tail.length, bytesRead);
    this.#remember(bytes);
    return bytes;
  }

  /** True while the file holds what was read of it. */
  async isSame(): Promise<boolean> {
    const [tail, at] = [this.#tail, this.#at];
    return (await this.#bytes(at - tail.length, at)).equals(tail) && (await this.#hasHead());
  }

  /** Bytes from `position` on into the buffer; resolves to how many. */
  async readAt(buffer: Buffer, length: number, position: number): Promise<number> {
    return (await this.#file.read(buffer, 0, length, position)).bytesRead;
  }

  /**
   * Where to go on in a file that is not the same any more: behind what is left of it where it was
   * only shortened, else at 0. `before` is how it was, where this process has not read it.
   */
  async startAfterCut(before?: { print: Print; at: number }): Promise<number> {
    const size = await this.size();
    if (size >= (before?.at ?? this.#at)) return 0;
    const kept = this.#head.subarray(0, size);
    const isShortened = before
      ? await this.matches({ head: before.print.head, tail: sumOf(nothing) }, 0)
      : (await this.#bytes(0, kept.length)).equals(kept);
    return isShortened ? size : 0;
  }

  /**
   * Takes the file that stands where this one stood, if there is one with content and the job does
   * not write to this one. False: there is none.
   */
  async takeReplacement(): Promise<boolean> {
    const [own, named] = await Promise.all([this.#file.stat(), statOf(this.#folder.log)]);
    if (named?.ino === own.ino && named.dev === own.dev) return false;
    const path = writerOf(this.#folder) ?? (isStarted(this.#folder) ? null : this.#folder.log);
    const file = path && (await tryOpen(path));
    if (!file) return false;
    const found = await file.stat();
    if ((found.ino === own.ino && found.dev === own.dev) || found.size === 0) {
      await file.close();
      return false;
    }
    const before = this.#file;
    this.#file = file;
    await before.close();
    return true;
  }

  /** Adds text to the file that stands under the log's name. False: it cannot be written. */
  async append(text: string): Promise<boolean> {
    const written = appendFile(this.#folder.log, text, { mode: 0o600 });
    return await written.then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #remember(bytes: Buffer): void {
    if (this.#head.length < printBytes && this.#head.length === this.#at) {
      this.#head = lastOf(this.#head, bytes.subarray(0, printBytes - this.#head.length));
    }
    this.#tail = lastOf(this.#tail, bytes);
    this.#at += bytes.length;
  }

  async #hasHead(): Promise<boolean> {
    const head = this.#head;
    return (await this.#bytes(0, head.length)).equals(head);
  }

  async #bytes(from: number, to: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.max(0, to - from));
    return buffer.subarray(0, await this.readAt(buffer, buffer.length, Math.max(0, from)));
  }
}

/**
 * The runner's own descriptor, while it lives and the system shows it: what the job prints goes
 * there, whatever the file is called by now.
 */
function writerOf(folder: JobFolder): string | null {
  if (process.platform !== 'linux') return null;
  const runner = readClaim(folder.claim);
  return runner !== null && isAlive(runner) ? `/proc/${runner.pid}/fd/1` : null;
}

/** Only Linux tells who writes where: elsewhere the name decides. */
function isStarted(folder: JobFolder): boolean {
  return process.platform === 'linux' && readClaim(folder.claim) !== null;
}

/** Null where there is no such file, or none that can be read again. */
async function tryOpen(path: string): Promise<FileHandle | null> {
  const found = await statOf(path);
  if (found === null || !(found.isFile() || path === devNull)) return null;
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function lastOf(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length >= printBytes) return Buffer.from(bytes.subarray(-printBytes));
  return Buffer.concat([before.subarray(bytes.length - printBytes), bytes]);
}

function sumOf(bytes: Buffer): Sum {
  return { length: bytes.length, crc: crc32(bytes) };
}
