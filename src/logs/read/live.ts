import { LRUCache } from 'lru-cache';
import { type LogFilter, maxPageLines } from '../../core/log.ts';
import { abortable } from '../../lib/async/abortable.ts';
import type { Hints } from '../../lib/async/hints.ts';
import { ExpressionRoom } from './expression-room.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import type { Pace } from './pace.ts';
import { asStreamed, type LogPage } from './page.ts';
import type { LogReader } from './reader.ts';
import { LogViewer } from './viewer.ts';

/** How often a followed log is checked without a hint, in milliseconds: another server may write it. */
const pollMs = 1000;
/** The pause between two rounds of waking viewers, in milliseconds: as long as the last round took, within these bounds. */
const minRestMs = 5;
const maxRestMs = 50;
/** Each viewer makes the shortest pause longer, up to this for sixty: a frame to each costs as much for one line as for a hundred. */
const minRestOfManyMs = 8;
const restMsPerViewer = 0.05;
/** The most pages at the end of one log that are shared, until its next line comes. */
const maxNewestPages = 16;
/** The most memory for kept full pages, in bytes. A thousand viewers of one log who lag differently read about 60 pages. */
const maxPastBytes = 24 * 1024 * 1024;
/** The most lines and UTF-16 units of one streamed page: few enough for pings to get through between two pages on any link. */
const maxStreamLines = Math.min(1000, maxPageLines);
const maxStreamChars = 256 * 1024;

export interface FollowOptions {
  offset: number;
  filter?: LogFilter | null;
  pace: Pace;
}

/** Streams logs to any number of viewers, who share the reading of what they all see. */
export class LiveLogs {
  readonly #reader: LogReader;
  readonly #hints: Hints<string>;
  readonly #open = new Map<string, LiveLog>();
  /** Full pages of all followed logs. Appending to a log never changes them. */
  readonly #past = new LRUCache<string, LogPage>({
    maxSize: maxPastBytes,
    sizeCalculation: sizeOf,
  });
  readonly #expressions = new ExpressionRoom();
  #count = 0;

  constructor(options: { reader: LogReader; hints: Hints<string> }) {
    this.#reader = options.reader;
    this.#hints = options.hints;
  }

  /** How many logs are being followed, and by how many viewers: for health and tests. */
  get counts(): { logs: number; viewers: number } {
    let viewers = 0;
    for (const log of this.#open.values()) viewers += log.viewers.size;
    return { logs: this.#open.size, viewers };
  }

  /**
   * Pages from `offset` on (negative: from the end), then every line as it comes. The first page comes
   * at once, even where it is empty. Only the last page has `complete: true`. Each page begins where the
   * one before it ended. The reader pulls: while it does not ask, it costs nothing, and the streams of one
   * connection read no more pages ahead than its pace allows.
   */
  follow(
    jobId: string,
    { offset, filter, pace }: FollowOptions,
  ): AsyncGenerator<LogPage, void, undefined> {
    return abortable((signal) => {
      const matcher = compileFilter(filter);
      const release = this.#expressions.hold(matcher?.expressionSize ?? 0);
      const log = this.#open.get(jobId) ?? this.#openLog(jobId);
      const viewer = new LogViewer({
        offset,
        pace,
        signal,
        read: (next) =>
          matcher
            ? this.#search(jobId, { offset: next, matcher, pace, signal })
            : log.page(next, pace),
        left: () => {
          release();
          log.viewers.delete(viewer);
          if (log.viewers.size === 0) this.#closeLog(jobId, log);
        },
      });
      log.viewers.add(viewer);
      return viewer;
    });
  }

  /** The lines that one turn of searching finds. */
  async #search(
    jobId: string,
    options: { offset: number; matcher: LineMatcher; pace: Pace; signal: AbortSignal },
  ): Promise<LogPage> {
    const { pace, ...request } = options;
    await pace.turn('stream');
    const page = { limit: maxStreamLines, maxChars: maxStreamChars, ...request };
    return asStreamed(await this.#reader.streamedPage(jobId, page));
  }

  #openLog(jobId: string): LiveLog {
    // The key is a number, not the job's id: pages kept for former viewers must not outlive a deleted job.
    this.#count += 1;
    const number = this.#count;
    const log = new LiveLog({
      read: async (offset, limit) => {
        const request = { offset, limit, maxChars: maxStreamChars, matcher: null };
        return asStreamed(await this.#reader.streamedPage(jobId, request));
      },
      past: {
        get: (offset) => this.#past.get(`${number} ${offset}`),
        set: (offset, page) => this.#past.set(`${number} ${offset}`, page),
      },
      listen: (heard) => this.#hints.listen(jobId, heard),
    });
    this.#open.set(jobId, log);
    return log;
  }

  #closeLog(jobId: string, log: LiveLog): void {
    log.close();
    if (this.#open.get(jobId) === log) this.#open.delete(jobId);
    if (this.#open.size === 0) this.#past.clear();
  }
}

/** About how much memory a page takes once it was sent, in bytes: its text, and the answer as text and as bytes. */
function sizeOf({ lines }: LogPage): number {
  return lines.reduce((sum, line) => sum + 3 * line.length + 64, 0) + 1;
}

interface LiveLogOptions {
  read(offset: number, limit: number): Promise<LogPage>;
  /** The kept full pages of this log. */
  past: { get(offset: number): LogPage | undefined; set(offset: number, page: LogPage): void };
  listen(heard: () => void): () => void;
}

/** One log that is being followed: wakes its viewers, and reads a page once for all who ask for it. */
class LiveLog {
  readonly viewers = new Set<LogViewer>();
  readonly #options: LiveLogOptions;
  readonly #newest = new Map<number, Promise<LogPage>>();
  readonly #unlisten: () => void;
  readonly #poll: NodeJS.Timeout;
  #total = 0;
  #round: NodeJS.Timeout | null = null;
  #roundEndedAt = 0;
  #restMs = 0;

  constructor(options: LiveLogOptions) {
    this.#options = options;
    this.#unlisten = options.listen(() => this.#advanced());
    this.#poll = setInterval(() => this.#advanced(), pollMs);
  }

  /** Reads a page once for all viewers who ask for it. The first one waits for the turn on behalf of all. */
  page(offset: number, pace: Pace): Promise<LogPage> | LogPage {
    const shared = this.#options.past.get(offset) ?? this.#newest.get(offset);
    if (shared) return shared;
    const page = this.#read(offset, pace);
    if (this.#newest.size >= maxNewestPages) this.#newest.clear();
    this.#newest.set(offset, page);
    page.catch(() => this.#newest.delete(offset));
    return page;
  }

  async #read(offset: number, pace: Pace): Promise<LogPage> {
    await pace.turn('stream');
    const page = await this.#options.read(offset, this.#limitAt(offset));
    this.#total = page.total;
    const isPast = page.hasMore && offset >= 0;
    if (isPast && this.viewers.size > 1) this.#options.past.set(offset, page);
    return page;
  }

  /** Pages of viewers who lag end at multiples of the page size, so that viewers who lag differently come to share them. */
  #limitAt(offset: number): number {
    const isBehind = offset >= 0 && this.#total - offset > maxStreamLines;
    return isBehind ? maxStreamLines - (offset % maxStreamLines) : maxStreamLines;
  }

  close(): void {
    this.#unlisten();
    clearInterval(this.#poll);
    if (this.#round) clearTimeout(this.#round);
  }

  /**
   * Wakes all viewers, at once or after a pause. With many viewers or many lines, the pause makes fewer, larger
   * pages, which would otherwise take the whole processor.
   */
  #advanced(): void {
    this.#newest.clear();
    if (this.#round) return;
    const waitMs = this.#roundEndedAt + this.#restMs - performance.now();
    if (waitMs <= 0) this.#wakeAll();
    else this.#round = setTimeout(() => this.#wakeAll(), waitMs);
  }

  #wakeAll(): void {
    this.#round = null;
    const startedAt = performance.now();
    for (const viewer of this.viewers) viewer.wake();
    // The woken viewers do their work in the next turn of the event loop, and send it in the one after.
    setImmediate(() => setImmediate(() => this.#endRound(startedAt)));
  }

  #endRound(startedAt: number): void {
    this.#roundEndedAt = performance.now();
    const tookMs = this.#roundEndedAt - startedAt;
    const least = Math.min(minRestOfManyMs, minRestMs + this.viewers.size * restMsPerViewer);
    this.#restMs = Math.min(maxRestMs, Math.max(least, tookMs));
  }
}
