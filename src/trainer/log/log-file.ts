import { constants } from 'node:fs';
import { appendFile, type FileHandle, open, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { crc32 } from 'node:zlib';
import { isAlive } from '../../lib/system/process-identity.ts';
import { beginsAsUtf16 } from '../../lines/split.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { readClaim } from '../disk/run-files.ts';

/** How many bytes are remembered: of the file's beginning, and of those that were read last. */
const printBytes = 1024;

const nothing = Buffer.alloc(0);

/** Checksums of a file's beginning and of the bytes that were read last. They tell whether the file is still the same. */
export interface Print {
  head: Sum;
  tail: Sum;
}

interface Sum {
  length: number;
  crc: number;
}

/**
 * The file that a job writes its output to. Somebody may cut, replace or remove it at any time, so
 * every read checks that the file still holds what was read before.
 */
export class LogFile {
  readonly #folder: JobFolder;
  #file: FileHandle;
  /** Where the next read begins. */
  #at = 0;
  #head: Buffer = nothing;
  #tail: Buffer = nothing;

  private constructor(folder: JobFolder, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Opens the file that the job writes to, even if it was renamed or removed. If nothing is left, the log is empty. */
  static async open(folder: JobFolder): Promise<LogFile> {
    const writer = writerOf(folder);
    // The runner may end before its descriptor is opened: its file has the log's name then.
    const file = (writer === null ? null : await tryOpen(writer)) ?? (await tryOpen(folder.log));
    return new LogFile(folder, file ?? (await open(devNull, 'r')));
  }

  get print(): Print {
    return { head: sumOf(this.#head), tail: sumOf(this.#tail) };
  }

  /** The file says at its beginning that it is UTF-16; false before anything was read. */
  get isUtf16(): boolean {
    return beginsAsUtf16(this.#head);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** True if the file gives this print when it is read up to byte `at`. */
  async matches({ head, tail }: Print, at: number): Promise<boolean> {
    const there = [await this.#bytes(0, head.length), await this.#bytes(at - tail.length, at)];
    return [head, tail].every((sum, index) => {
      const bytes = there[index] ?? nothing;
      return bytes.length === sum.length && crc32(bytes) === sum.crc;
    });
  }

  /** Makes the next read begin at byte `at`. */
  async seek(at: number): Promise<void> {
    this.#head = await this.#bytes(0, Math.min(at, printBytes));
    this.#tail = await this.#bytes(Math.max(0, at - printBytes), at);
    this.#at = at;
  }

  /** The next bytes, `maxBytes` of them or fewer at the end of the file; null if the file is not the same any more. */
  async readOn(maxBytes: number): Promise<Buffer | null> {
    const tail = this.#tail;
    const buffer = Buffer.allocUnsafe(tail.length + maxBytes);
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#at - tail.length);
    const same = bytesRead >= tail.length && buffer.subarray(0, tail.length).equals(tail);
    // Checked last: the file may have been cut while it was read.
    if (!same || !(await this.#hasHead())) return null;
    const bytes = buffer.subarray(tail.length, bytesRead);
    this.#remember(bytes);
    return bytes;
  }

  /** True if the file still holds what was read. */
  async isSame(): Promise<boolean> {
    const [tail, at] = [this.#tail, this.#at];
    const [there, hasHead] = await Promise.all([
      this.#bytes(at - tail.length, at),
      this.#hasHead(),
    ]);
    return hasHead && there.equals(tail);
  }

  /** Reads from `position` on into the buffer; resolves to the number of bytes. */
  async readAt(buffer: Buffer, length: number, position: number): Promise<number> {
    return (await this.#file.read(buffer, 0, length, position)).bytesRead;
  }

  /**
   * Where to read on after a cut. A file that still begins as before was only shortened, and what is
   * left of it must not be read twice: reading goes on at its end, or, if it has grown again, where it
   * had come to. Any other file is read from 0. `before` is what an earlier process has read.
   */
  async startAfterCut(before?: { print: Print; at: number }): Promise<number> {
    const size = await this.size();
    const kept = this.#head.subarray(0, size);
    const isShortened = before
      ? await this.matches({ head: before.print.head, tail: sumOf(nothing) }, 0)
      : (await this.#bytes(0, kept.length)).equals(kept);
    return isShortened ? Math.min(size, before?.at ?? this.#at) : 0;
  }

  /**
   * Switches to another file that now has the log's name, if that file has content and the job does
   * not write to the present one. Returns false if it stays with the present file.
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

  /** Appends text to the file that has the log's name. Returns false if that fails. */
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
 * The path of the descriptor that the runner and its job write to, while the runner lives. It leads
 * to the job's file even if that was renamed or removed. Null where the system does not show it.
 */
function writerOf(folder: JobFolder): string | null {
  if (process.platform !== 'linux') return null;
  const runner = readClaim(folder.claim);
  return runner !== null && isAlive(runner) ? `/proc/${runner.pid}/fd/1` : null;
}

/** True if a runner has this job. Always false where the system does not show descriptors: there the name decides. */
function isStarted(folder: JobFolder): boolean {
  return process.platform === 'linux' && readClaim(folder.claim) !== null;
}

/** Null if there is no such file, or if it is a pipe or a terminal. */
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
