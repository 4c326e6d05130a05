import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { LogGap } from '../../core/log.ts';
import type { Place } from './log-index.ts';

/**
 * A part of a log between two cuts. It begins with line `line`, at position `position` of the whole
 * log. In the file it begins at byte `from`.
 */
export interface LogPart {
  line: number;
  position: number;
  from: number;
}

/** The byte of the file at which a position of the log lies. */
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

/** How many gaps are recorded. The last one says that there are more. */
const maxGaps = 1000;
const manyReason =
  "The job's log file was cut again and again: from this line on, lines may be missing anywhere";

/** The cuts of one log and its gaps, in an append-only file with one JSON line for each. */
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

  /** The present part: what the file holds now. */
  get part(): LogPart {
    return this.#part;
  }

  /** The newest gap. */
  get lastGap(): LogGap | null {
    return this.#gaps.at(-1) ?? null;
  }

  /** The gaps before the lines `from` up to `to`, in rising order. */
  gaps(from: number, to: number): LogGap[] {
    return this.#gaps.filter(({ offset }) => offset >= from && offset < to);
  }

  /** Begins a new part. `reason` says why lines may be lost; null if every line had been served before. */
  async addPart({ line, position, from }: LogPart, reason: string | null): Promise<void> {
    const entry = { line, part: { position, from }, reason: this.#newReason(line, reason) };
    await this.#append(entry);
    this.#keep(entry);
  }

  /** Records that lines before this line are lost, or that it is torn. If saving fails, a later `flush` does it. */
  async addGap(line: number, reason: string): Promise<void> {
    const told = this.#newReason(line, reason);
    if (told === null) return;
    const entry = { line, part: null, reason: told };
    this.#keep(entry);
    this.#unsaved.push(entry);
    await this.flush();
  }

  /** Saves gaps that could not be saved before. */
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
    // The newline in front ends half an entry that a full disk may have left.
    await this.#file.appendFile(`\n${JSON.stringify(entry)}\n`);
  }

  #keep({ line, part, reason }: Entry): void {
    if (part !== null) this.#part = { line, ...part };
    const isKnown = this.#gaps.at(-1)?.offset === line;
    if (reason !== null && !isKnown) this.#gaps.push({ offset: line, reason });
  }

  /** The reason to record; null if that line has a gap already, or if there are too many gaps. */
  #newReason(line: number, reason: string | null): string | null {
    const isKnown = this.#gaps.at(-1)?.offset === line || this.#gaps.length >= maxGaps;
    if (reason === null || isKnown) return null;
    return this.#gaps.length === maxGaps - 1 ? manyReason : reason;
  }
}

/** Skips what is no entry: a full disk may have left half of one. */
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
