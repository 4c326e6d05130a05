import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { Print } from './log-file.ts';

const sum = z.object({ length: z.int().nonnegative(), crc: z.int().nonnegative() });
const markShape = z.object({
  /** Lines that were told. */
  line: z.int().nonnegative(),
  /** The position up to which the log was read. */
  position: z.int().nonnegative(),
  print: z.object({ head: sum, tail: sum }),
});

/** How far a log was read: lines up to here have been told, and their numbers are taken for ever. */
export type Mark = z.infer<typeof markShape> & { print: Print };

/** No mark is longer. It is written over the one before, so that a full disk has room for it. */
const markBytes = 256;

/** One log's mark in a file of its own. A server that is killed leaves the mark of all lines that it told. */
export class LogMark {
  readonly #file: FileHandle;
  /** As the last server left it; null where it left none. */
  readonly found: Mark | null;

  private constructor(file: FileHandle, found: Mark | null) {
    this.#file = file;
    this.found = found;
  }

  static async open(path: string): Promise<LogMark> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      return new LogMark(file, parseMark(await file.readFile('utf8')));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async write(mark: Mark): Promise<void> {
    await this.#file.write(JSON.stringify(mark).padEnd(markBytes), 0);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Null where a loss of power has left half of it. */
function parseMark(text: string): Mark | null {
  try {
    return markShape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
