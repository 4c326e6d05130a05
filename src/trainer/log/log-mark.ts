import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { Print } from './log-file.ts';

const sum = z.object({ length: z.int().nonnegative(), crc: z.int().nonnegative() });
const markShape = z.object({
  /** How many lines were served to clients. */
  line: z.int().nonnegative(),
  /** How many bytes of the log were read. */
  position: z.int().nonnegative(),
  print: z.object({ head: sum, tail: sum }),
});

/** How far a log was read. The lines up to here may have been served, so their numbers never change. */
export type Mark = z.infer<typeof markShape> & { print: Print };

/** The size of every mark. Each one overwrites the one before, so it needs no new room on a full disk. */
const markBytes = 256;

/** The mark of one log, in a file of its own. It survives a server that is killed. */
export class LogMark {
  readonly #file: FileHandle;
  /** The mark that the last server wrote; null if there is none. */
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

/** Null if the text is no whole mark, as after a power loss. */
function parseMark(text: string): Mark | null {
  try {
    return markShape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
