import { TrainyardError } from '../../core/errors.ts';
import type { LogGap } from '../../core/log.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { LineSplitter } from '../../lines/split.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import type { JobMetrics } from './job-metrics.ts';
import { byteOf, placeOf } from './log-cuts.ts';
import type { Place } from './log-index.ts';
import { LogScanner } from './log-scanner.ts';
import { LogTail } from './log-tail.ts';

const readBytes = 128 * 1024;
/** How often a page is read if the file is cut during each read. */
const maxReads = 3;

const goneReason =
  "The job's log file was cut or removed: the lines before this one are not there any more";

export interface LogLines {
  /** The number of the first line. It is larger than asked if the lines before it are gone. */
  first: number;
  lines: string[];
  /** Where the next line begins, for the next read; null if the lines came from memory. */
  next: Place | null;
}

/**
 * The lines of one job's growing log file. The file is read once, however many clients follow it, and
 * any page costs a bounded read. While the job runs, an unfinished last line does not count. If the
 * file is cut, line numbers go on, and a gap says where lines may be missing.
 */
export class JobLog {
  readonly #scanner: LogScanner;
  readonly #tail: LogTail;
  #changedAt: number | null = null;
  #total: number;
  #scanning: Promise<void> | null = null;
  #again = false;
  #closing: Promise<void> | null = null;

  /** `end` is the log's length if the job is over; `onLines` is called when there are more lines. */
  static async open(
    folder: JobFolder,
    options: { end: number | null; onLines: () => void },
  ): Promise<JobLog> {
    const tail = new LogTail();
    let log: JobLog | null = null;
    const take = (first: number, texts: string[]) => {
      tail.add(first, texts);
      if (log !== null) log.#grow(first + texts.length);
      options.onLines();
    };
    log = new JobLog(await LogScanner.open(folder, { end: options.end, take }), tail);
    return log;
  }

  private constructor(scanner: LogScanner, tail: LogTail) {
    this.#scanner = scanner;
    this.#tail = tail;
    this.#total = scanner.line;
  }

  get metrics(): JobMetrics {
    return this.#scanner.parts.metrics;
  }

  /** How many lines are known. */
  get total(): number {
    return this.#total;
  }

  /** True if the job is over and all its lines are known. */
  get complete(): boolean {
    return this.#scanner.ended;
  }

  /** The part of the last line that is there, at most 4096 bytes, if the line has not ended; else empty. */
  get unfinished(): string {
    return this.#scanner.unfinished;
  }

  /** When lines were last found; null if none were found since the log was opened. */
  get changedAt(): number | null {
    return this.#changedAt;
  }

  /** Reads what is new in the file. When it resolves, everything that was there at the call is known. */
  advance(): Promise<void> {
    this.#again = true;
    this.#scanning ??= this.#scan();
    return this.#scanning;
  }

  /** Like `advance`, but waits `maxMs` at most. */
  async catchUp(maxMs: number): Promise<void> {
    if (this.complete) return;
    const waiting = new AbortController();
    const late = waitMs(maxMs, waiting.signal);
    await Promise.race([this.advance(), late]).finally(() => waiting.abort());
  }

  /** Says that the job is over: its log ends here, and an unfinished last line counts. Resolves to the log's length. */
  async finish(): Promise<number> {
    await this.advance();
    await this.#scanner.end();
    await this.advance();
    await this.metrics.save().catch(() => {});
    return await this.#scanner.end();
  }

  /**
   * Up to `maxLines` lines and about `maxChars` of text, from line `offset` on; at least one line if
   * there is one. `near` is the `next` of an earlier read: it saves a search in the file.
   */
  async read(options: {
    offset: number;
    maxLines: number;
    maxChars: number;
    near?: Place | null;
  }): Promise<LogLines> {
    const { file, cuts } = this.#scanner.parts;
    for (let reads = 1; ; reads += 1) {
      const { part } = cuts;
      const first = this.#firstFrom(options.offset);
      const range = { ...options, offset: first };
      range.maxLines = Math.min(options.maxLines, this.#total - first);
      if (range.maxLines <= 0) return { first, lines: [], next: null };
      const newest = this.#tail.read(first, range.maxLines, options.maxChars);
      if (newest !== null) return { first, lines: newest, next: null };
      const read = await this.#readFile(range);
      // Checked last: the file may have been cut while it was read.
      if (part === cuts.part && (await file.isSame())) return { first, ...read };
      if (reads === maxReads) {
        throw new TrainyardError('STORE_UNAVAILABLE', 'the log is being cut: try again');
      }
      await this.advance();
    }
  }

  /**
   * The gaps that belong to a read that was asked for at line `asked`: before its first line, between
   * its lines, and behind its last line if no line will ever follow.
   */
  gaps(asked: number, { first, lines }: Pick<LogLines, 'first' | 'lines'>): LogGap[] {
    const end = first + lines.length;
    const isLast = this.complete && end === this.#total;
    const gaps = this.#scanner.parts.cuts.gaps(first, isLast ? end + 1 : end);
    const isTold = first === asked || gaps[0]?.offset === first;
    return isTold ? gaps : [{ offset: first, reason: goneReason }, ...gaps];
  }

  /** Says that the job starts again after it was over. Its log goes on with these words as a line. */
  async goOn(words: string): Promise<void> {
    await this.advance();
    await this.#scanner.goOn(words);
  }

  /** Why lines may be missing, by the newest gap; null if there is none. */
  get lossReason(): string | null {
    return this.#scanner.parts.cuts.lastGap?.reason ?? null;
  }

  /** Records that lines before the next line are lost, or that the next line is torn. */
  async addGap(reason: string): Promise<void> {
    await this.advance();
    await this.#scanner.addGap(reason);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#scanner.stop();
    await this.#scanning?.catch(() => {});
    await this.#scanner.close();
  }

  async #scan(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#scanner.readOn();
      }
    } finally {
      this.#scanning = null;
    }
  }

  #grow(total: number): void {
    this.#total = total;
    this.#changedAt = Date.now();
  }

  /** The first line from `line` on that can still be read. */
  #firstFrom(line: number): number {
    const { part } = this.#scanner.parts.cuts;
    if (line >= part.line || line >= this.#tail.first) return line;
    return Math.min(part.line, this.#tail.first);
  }

  async #readFile(range: {
    offset: number;
    maxLines: number;
    maxChars: number;
    near?: Place | null;
  }): Promise<Pick<LogLines, 'lines' | 'next'>> {
    const { offset, maxLines, maxChars } = range;
    const { file, cuts } = this.#scanner.parts;
    const { part } = cuts;
    const start = this.#startFor(range);
    const splitter = new LineSplitter({ ...start, utf16: start.position > 0 && file.isUtf16 });
    const buffer = Buffer.allocUnsafe(readBytes);
    const lines: string[] = [];
    let next = start;
    let chars = 0;
    const full = () => lines.length === maxLines || (lines.length > 0 && chars >= maxChars);
    const emit = (text: string, position: number, continued: boolean) => {
      if (full()) return;
      if (next.line >= offset) {
        lines.push(text);
        chars += text.length;
      }
      next = { line: next.line + 1, position, continued };
    };
    let { position } = start;
    while (!full() && position < this.#scanner.position) {
      const length = Math.min(readBytes, this.#scanner.position - position);
      const bytesRead = await file.readAt(buffer, length, byteOf(part, position));
      if (bytesRead === 0) break; // somebody cut the file
      splitter.push(buffer.subarray(0, bytesRead), emit);
      position += bytesRead;
    }
    if (this.complete && position === this.#scanner.position) splitter.end(emit);
    return { lines, next };
  }

  /** The nearest known place at or before the line, in the file's present part. */
  #startFor({ offset, near }: { offset: number; near?: Place | null }): Place {
    const { cuts, index } = this.#scanner.parts;
    const places = [placeOf(cuts.part), index.floor(offset), near ?? null];
    const usable = places.filter(
      (place) => place !== null && place.line <= offset && place.position >= cuts.part.position,
    );
    return usable.reduce((a, b) => (a && b && a.line >= b.line ? a : b)) ?? placeOf(cuts.part);
  }
}
