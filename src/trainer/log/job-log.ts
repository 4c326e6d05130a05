import { type FileHandle, open } from 'node:fs/promises';
import { waitMs } from '../../lib/async/wait.ts';
import { LineSplitter } from '../../lines/split.ts';
import type { JobFolder } from '../disk/job-folder.ts';
import { JobMetrics } from './job-metrics.ts';
import { LogIndex, type Place } from './log-index.ts';
import { LogTail } from './log-tail.ts';

/** A place is noted after this many lines or bytes: a page skips no more than that. */
const linesPerPlace = 1000;
const bytesPerPlace = 256 * 1024;
const readBytes = 128 * 1024;

export interface LogLines {
  lines: string[];
  /** Where the next line begins, for whoever reads on; null where the lines came from memory. */
  next: Place | null;
}

/**
 * The lines of one job's growing log file. Reads it once, however many follow it, and keeps the
 * newest lines, the sparse index and the metrics; any page costs a bounded read. While the job
 * runs, its unfinished last line is no line yet.
 */
export class JobLog {
  readonly metrics: JobMetrics;
  readonly #file: FileHandle;
  readonly #index: LogIndex;
  readonly #onLines: () => void;
  readonly #tail = new LogTail();
  readonly #splitter: LineSplitter;
  #total: number;
  #scanned: number;
  /** The log's length once the job is over. */
  #end: number | null;
  #ended = false;
  #changedAt: number | null = null;
  #scanning: Promise<void> | null = null;
  #again = false;
  #closed = false;

  /** `end` is the log's length where the job is over; `onLines` is called when there are more lines. */
  static async open(
    folder: JobFolder,
    options: { end: number | null; onLines: () => void },
  ): Promise<JobLog> {
    await using opened = new AsyncDisposableStack();
    const file = opened.adopt(await open(folder.log, 'r'), (it) => it.close());
    const size = options.end ?? (await file.stat()).size;
    const index = opened.adopt(await LogIndex.open(folder.index, size), (it) => it.close());
    const metrics = opened.adopt(await JobMetrics.open(folder.metrics), (it) => it.close());
    opened.move();
    return new JobLog({ file, index, metrics, ...options });
  }

  private constructor(parts: {
    file: FileHandle;
    index: LogIndex;
    metrics: JobMetrics;
    end: number | null;
    onLines: () => void;
  }) {
    this.metrics = parts.metrics;
    this.#file = parts.file;
    this.#index = parts.index;
    this.#end = parts.end;
    this.#onLines = parts.onLines;
    const start = parts.index.floor(parts.metrics.line);
    this.#splitter = new LineSplitter(start);
    this.#total = start.line;
    this.#scanned = start.position;
  }

  /** Lines known so far. */
  get total(): number {
    return this.#total;
  }

  /** The job is over, and all its lines are known. */
  get complete(): boolean {
    return this.#ended;
  }

  /** When lines were last found; null where none were since the log was opened. */
  get changedAt(): number | null {
    return this.#changedAt;
  }

  /** Reads what is new in the file; resolves when all that was there at the call is known. */
  advance(): Promise<void> {
    this.#again = true;
    this.#scanning ??= this.#scan();
    return this.#scanning;
  }

  /** Like `advance`, but waits so long at most. */
  async catchUp(maxMs: number): Promise<void> {
    if (this.#ended) return;
    const waiting = new AbortController();
    const late = waitMs(maxMs, waiting.signal);
    await Promise.race([this.advance(), late]).finally(() => waiting.abort());
  }

  /** The job is over: its log ends here, and the unfinished last line is a line. Resolves to the length. */
  async finish(): Promise<number> {
    this.#end ??= (await this.#file.stat()).size;
    await this.advance();
    await this.metrics.save().catch(() => {});
    return this.#end;
  }

  /**
   * Up to `maxLines` lines and about `maxChars` of text from a line on, one line at least where
   * there is one. `near` is where an earlier read ended: reading on from there skips nothing.
   */
  async read(options: {
    offset: number;
    maxLines: number;
    maxChars: number;
    near?: Place | null;
  }): Promise<LogLines> {
    const { offset, maxChars, near } = options;
    const maxLines = Math.min(options.maxLines, this.#total - offset);
    if (maxLines <= 0) return { lines: [], next: null };
    const newest = this.#tail.read(offset, maxLines, maxChars);
    if (newest !== null) return { lines: newest, next: null };
    const indexed = this.#index.floor(offset);
    const start = near && near.line <= offset && near.line > indexed.line ? near : indexed;
    return await this.#readFile(start, { offset, maxLines, maxChars });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#scanning?.catch(() => {});
    await this.metrics.save().catch(() => {});
    await Promise.allSettled([this.#file.close(), this.#index.close(), this.metrics.close()]);
  }

  async #scan(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#readOn();
        if (this.#end === null || this.#ended || this.#closed) continue;
        this.#ended = true;
        this.#take((emit) => this.#splitter.end(emit));
      }
    } finally {
      this.#scanning = null;
    }
  }

  async #readOn(): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBytes);
    for (;;) {
      const length = Math.min(readBytes, this.#bytesLeft());
      const { bytesRead } = await this.#file.read(buffer, 0, length, this.#scanned);
      // The job may have ended while that was read: what lies behind its end is not its own.
      const bytes = buffer.subarray(0, Math.min(bytesRead, this.#bytesLeft()));
      if (bytes.length === 0 || this.#closed) return;
      this.#take((emit) => this.#splitter.push(bytes, emit));
      this.#scanned += bytes.length;
      await this.#note();
    }
  }

  #bytesLeft(): number {
    return Math.max(0, (this.#end ?? Number.POSITIVE_INFINITY) - this.#scanned);
  }

  #take(split: (emit: (text: string, end: number, continued: boolean) => void) => void): void {
    const first = this.#total;
    const now = Date.now();
    const texts: string[] = [];
    split((text, end, continued) => {
      texts.push(text);
      this.metrics.read(this.#total, text, now);
      this.#total += 1;
      const last = this.#index.last;
      if (this.#total - last.line >= linesPerPlace || end - last.position >= bytesPerPlace) {
        this.#index.add({ line: this.#total, position: end, continued });
      }
    });
    this.#tail.add(first, texts);
    if (texts.length === 0 && !this.#ended) return;
    this.#changedAt = now;
    this.#onLines();
  }

  /** Index and metrics can always be had again from the log: a full disk must not stop the reading. */
  async #note(): Promise<void> {
    await this.#index.flush().catch(() => {});
    await this.metrics.saveNowAndThen().catch(() => {});
  }

  async #readFile(
    start: Place,
    { offset, maxLines, maxChars }: { offset: number; maxLines: number; maxChars: number },
  ): Promise<LogLines> {
    const splitter = new LineSplitter(start);
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
    let position = start.position;
    while (!full() && position < this.#scanned) {
      const length = Math.min(readBytes, this.#scanned - position);
      const { bytesRead } = await this.#file.read(buffer, 0, length, position);
      if (bytesRead === 0) break; // somebody cut the file
      splitter.push(buffer.subarray(0, bytesRead), emit);
      position += bytesRead;
    }
    if (this.#ended && position === this.#end) splitter.end(emit);
    return { lines, next };
  }
}
