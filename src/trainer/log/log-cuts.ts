import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { LogGap } from '../../core/log.ts';
import type { Place } from './log-index.ts';

/**
 * A stretch of a log that lies in one file without a break: its line `line` begins at the log's
 * position `position`, which is the file's byte `from`. Positions count on over cuts.
 */
export interface LogPart {
  line: number;
  position: number;
  from: number;
}

/** The byte of the file where this position of the log is. */
export function byteOf(part: LogPart, position: number): number {
  return position - part.position + part.from;
}

/** Where a part's first line begins. */
export function placeOf({ line, position }: LogPart): Place {
  return { line, position, continued: false };
}

const entryShape = z.object({
  line: z.int().nonnegative(),
  part: z.object({ position: z.int().nonnegative(), from: z.int().nonnegative() }).nullable(),
  reason: z.string().nullable(),
});
type Entry = z.infer<typeof entryShape>;

/** Gaps that are told one by one; the last one says that there are more. */
const maxGaps = 1000;
const manyReason =
  "The job's log file was cut again and again: from this line on, lines may be missing anywhere";

/** Where a log's file was cut, and where lines were lost; kept in an append-only file, one JSON line each. */
export class LogCuts {
  readonly #file: FileHandle;
  #part: LogPart = { line: 0, position: 0, from: 0 };
  #gaps: LogGap[] = [];
  #unsaved: Entry[] = [];

  private constructor(file: FileHandle, entries: Entry[]) {
    this.#file = file;
    for (const entry of entries) this.#keep(entry);
  }

  static async open(path: string): Promise<LogCuts> {
    const file = await open(path, 'a+', 0o600);
    try {
      return new LogCuts(file, parseEntries(await file.readFile('utf8')));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The part that the file holds now. */
  get part(): LogPart {
    return this.#part;
  }

  /** The gap that was found last. */
  get lastGap(): LogGap | null {
    return this.#gaps.at(-1) ?? null;
  }

  /** The gaps before the lines `from` up to `to`, in rising order. */
  gaps(from: number, to: number): LogGap[] {
    return this.#gaps.filter(({ offset }) => offset >= from && offset < to);
  }

  /** The log goes on with this part. `reason` is null where no line can have been lost that was not told. */
  async addPart({ line, position, from }: LogPart, reason: string | null): Promise<void> {
    const entry = { line, part: { position, from }, reason: this.#newReason(line, reason) };
    await this.#append(entry);
    this.#keep(entry);
  }

  /** Lines before this one are lost, or it is torn: known at once, and saved by this or a later `flush`. */
  async addGap(line: number, reason: string): Promise<void> {
    const told = this.#newReason(line, reason);
    if (told === null) return;
    const entry = { line, part: null, reason: told };
    this.#keep(entry);
    this.#unsaved.push(entry);
    await this.flush();
  }

  /** Saves what a full disk had no room for. */
  async flush(): Promise<void> {
    for (let entry = this.#unsaved[0]; entry !== undefined; entry = this.#unsaved[0]) {
      await this.#append(entry);
      this.#unsaved = this.#unsaved.filter((other) => other !== entry);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #append(entry: Entry): Promise<void> {
    // Begun on a line of its own: a full disk may have left half an entry.
    await this.#file.appendFile(`\n${JSON.stringify(entry)}\n`);
  }

  #keep({ line, part, reason }: Entry): void {
    if (part !== null) this.#part = { line, ...part };
    const isKnown = this.#gaps.at(-1)?.offset === line;
    if (reason !== null && !isKnown) this.#gaps.push({ offset: line, reason });
  }

  /** Null where a gap is known there already, or too many are. */
  #newReason(line: number, reason: string | null): string | null {
    const isKnown = this.#gaps.at(-1)?.offset === line || this.#gaps.length >= maxGaps;
    if (reason === null || isKnown) return null;
    return this.#gaps.length === maxGaps - 1 ? manyReason : reason;
  }
}

/** What cannot be read is half an entry that a full disk has left. */
function parseEntries(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return [entryShape.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
