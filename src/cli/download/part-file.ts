import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../lib/system/make-folder.ts';

/** Of which file of the server's a part is. */
interface Origin {
  path: string;
  etag: string;
}

/**
 * What has come of a file so far: `FILE.part`, and beside it, in `FILE.part.json`, of which file of the server's it is,
 * so that a later run can go on with it.
 */
export class PartFile implements AsyncDisposable {
  readonly #file: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  #etag: string | null;
  #bytes: number;

  /** Opens the part of `file` that has come from the server's `path`; an empty one where there is none. */
  static async open(file: string, path: string): Promise<PartFile> {
    makeFolder(dirname(file));
    const origin = await readOrigin(`${file}.part.json`);
    const handle = await open(`${file}.part`, 'a');
    const { size } = await handle.stat();
    return new PartFile({ file, path, handle, origin, bytes: size });
  }

  private constructor(parts: {
    file: string;
    path: string;
    handle: FileHandle;
    origin: Origin | null;
    bytes: number;
  }) {
    const { file, path, handle, origin, bytes } = parts;
    this.#file = file;
    this.#path = path;
    this.#handle = handle;
    this.#etag = origin?.path === path ? origin.etag || null : null;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From where the file can go on; null where nothing is known of it. */
  get known(): { etag: string; from: number } | null {
    return this.#etag === null ? null : { etag: this.#etag, from: this.#bytes };
  }

  /** Keeps the first `from` bytes, which are those of the server's file with this ETag. */
  async goOn({ etag, from }: { etag: string; from: number }): Promise<void> {
    await this.#handle.truncate(from);
    this.#bytes = from;
    if (etag === this.#etag) return;
    const origin: Origin = { path: this.#path, etag };
    await writeFile(`${this.#file}.part.json`, JSON.stringify(origin));
    this.#etag = etag || null;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#bytes += chunk.length;
  }

  /** The SHA-256 of what is here, in base64. */
  async digest(): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(`${this.#file}.part`)) hash.update(chunk);
    return hash.digest('base64');
  }

  /** Gives the whole file its name. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await rename(`${this.#file}.part`, this.#file);
    await rm(`${this.#file}.part.json`, { force: true });
  }

  /** Removes what is here, because it is not what the server has. */
  async discard(): Promise<void> {
    await rm(`${this.#file}.part`, { force: true });
    await rm(`${this.#file}.part.json`, { force: true });
  }

  /** What has come stays, unless nothing has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    if (this.#etag === null && this.#bytes === 0) await this.discard();
  }
}

/** Null where there is none that can be read: the file is then fetched anew. */
async function readOrigin(note: string): Promise<Origin | null> {
  try {
    const origin: unknown = JSON.parse(await readFile(note, 'utf8'));
    return isOrigin(origin) ? origin : null;
  } catch {
    return null;
  }
}

function isOrigin(value: unknown): value is Origin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    typeof value.path === 'string' &&
    'etag' in value &&
    typeof value.etag === 'string'
  );
}
