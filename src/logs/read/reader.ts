import { codeOf, TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import {
  type LogFilter,
  maxPageChars,
  maxPageLines,
  type PlacedBlock,
  type ProgressChoice,
} from '../../core/log.ts';
import type { JobStore, LogExtent, LogStore } from '../../core/store.ts';
import { Turns } from '../../lib/async/turns.ts';
import { quote } from '../../lib/text/quote.ts';
import { damagedLogNotice } from '../damaged-log.ts';
import { GrowingLines } from '../growing-lines.ts';
import { UnstoredLogs } from '../unstored-logs.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import { Pace } from './pace.ts';
import { checkRange, type LogPage } from './page.ts';
import type { PageRoom } from './page-room.ts';
import { searchLog } from './search.ts';

/** How long one filtered page searches at most, in milliseconds. */
const maxScanMs = 2000;
/** About how many lines are read and made an answer of in a millisecond. */
const linesPerMs = 200;
/** How much text is read at a time where a whole log is sent, in UTF-16 units: each download holds a few such pieces. */
const maxBlockChars = 64 * 1024;

export interface PageRequest {
  limit: number;
  offset: number;
  /** About how much text the page may hold, in UTF-16 units; at least one line in any case. By default and at most `maxPageChars`. */
  maxChars?: number;
  filter?: LogFilter | null;
  /** Whether to show the line that the job is still writing, after the last one. */
  growing?: boolean;
  signal?: AbortSignal;
  /** The connection whose turns the work takes; absent where nobody else can be waiting. */
  pace?: Pace;
  /** The room that all pages of the operation share. */
  room?: PageRoom;
}

/** A page of a stream: it takes one turn of work, however few lines that finds. */
export interface StreamedPageRequest extends Omit<PageRequest, 'filter' | 'room'> {
  matcher: LineMatcher | null;
}

export interface LogReaderOptions {
  growing?: GrowingLines;
  unstored?: UnstoredLogs;
  /** Called for each damaged line that a page would begin with. */
  damaged?: (jobId: string, line: number) => void;
}

/** Reads any page of any log from the store. */
export class LogReader {
  readonly #jobs: JobStore;
  readonly #logs: LogStore;
  readonly #growing: GrowingLines;
  readonly #unstored: UnstoredLogs;
  readonly #damaged: (jobId: string, line: number) => void;

  constructor(store: { jobs: JobStore; logs: LogStore }, options: LogReaderOptions = {}) {
    const { growing = new GrowingLines(), unstored = new UnstoredLogs() } = options;
    this.#jobs = store.jobs;
    this.#logs = store.logs;
    this.#growing = growing;
    this.#unstored = unstored;
    this.#damaged = options.damaged ?? (() => {});
  }

  /**
   * One page. With a filter, `offset` is where to start looking, and one call looks at no more than
   * `maxScanLines` lines or for `maxScanMs`. Errors: `NOT_FOUND`, `BAD_USER_INPUT`, `STORE_UNAVAILABLE`,
   * `DATA_DAMAGED` where the page would begin with damaged lines. A page that comes to them later ends before them.
   */
  async page(jobId: string, request: PageRequest): Promise<LogPage> {
    const matcher = compileFilter(request.filter);
    const { room, pace = new Pace(new Turns()) } = request;
    await pace.turn('page', Math.min(request.limit, maxPageLines) / linesPerMs);
    const maxChars = Math.min(request.maxChars ?? maxPageChars, room?.left ?? maxPageChars);
    const page = await this.#page(jobId, {
      ...request,
      maxChars,
      matcher,
      showStanding: true,
      async mayGoOn(startedAt) {
        await pace.turn('page');
        return performance.now() - startedAt < maxScanMs;
      },
    });
    room?.take(page.lines.reduce((sum, line) => sum + line.length, 0));
    return page;
  }

  /** Like `page`, but a search ends after one turn. The caller waits for that turn before. */
  streamedPage(jobId: string, request: StreamedPageRequest): Promise<LogPage> {
    return this.#page(jobId, { ...request, mayGoOn: async () => false });
  }

  async #page(jobId: string, request: Search): Promise<LogPage> {
    const { matcher } = request;
    const [job, extent] = await Promise.all([this.#job(jobId), this.#logs.extent(jobId)]);
    const { isProven } = extent;
    const offset = checkRange({ ...request, total: extent.total });
    const found = await (matcher
      ? searchLog(this.#logs, jobId, { ...request, offset, matcher, total: extent.total })
      : this.#read(job, { ...request, offset })
    ).catch((error: unknown) => {
      // Nothing of a log whose end is not known can be fetched again.
      if (codeOf(error) === 'DATA_DAMAGED' && isProven) this.#damaged(jobId, offset);
      throw error;
    });
    const { nextOffset } = found;
    const gaps = await this.#logs.gaps(jobId, { from: offset, to: nextOffset });
    // Lines may have come between the two: what was read is stored, so it counts.
    const total = Math.max(extent.total, nextOffset > offset ? nextOffset : 0);
    const isLast = nextOffset === total && found.block.lines.length < request.limit;
    const isWhole = matcher === null || matcher.onlyProgress;
    const isOpen = isLast && isProven && !extent.complete;
    const asked = request.growing === true && isWhole && isOpen;
    const { block, offsets } = found;
    return {
      growing: asked ? this.#growing.get(jobId, total) : null,
      jobId,
      lines: block.lines,
      runs: block.runs,
      offsets,
      offset,
      limit: request.limit,
      total,
      nextOffset,
      // Where more may follow, the next page says so: it must not look as if there were none.
      hasMore: nextOffset < total || !isProven,
      complete: extent.complete,
      gaps,
      notice: isProven ? (this.#unstored.noticeOf(jobId) ?? job.notice) : damagedLogNotice(jobId),
    };
  }

  /**
   * The texts of at most `limit` lines from `offset` up to `to`, in pieces; the newest line of the log is `to - 1`.
   * The reader pulls them, so memory stays flat.
   */
  async *texts(
    jobId: string,
    range: {
      offset: number;
      to: number;
      limit: number;
      progress: ProgressChoice;
      pace: Pace;
    },
  ): AsyncGenerator<string[]> {
    const { to, pace } = range;
    const matcher = compileFilter({ progress: range.progress });
    let { offset, limit: left } = range;
    while (left > 0 && offset < to) {
      const limit = Math.min(to - offset, matcher ? maxPageLines : left, maxPageLines);
      await pace.turn('stream');
      const block = await this.#logs.read(jobId, { offset, limit, maxChars: maxBlockChars });
      if (block.lines.length === 0) {
        // A log that was deleted meanwhile must not look like one that ends here.
        await this.#job(jobId);
        return;
      }
      const texts = matcher ? passing(block, matcher, to - 1).slice(0, left) : block.lines;
      if (texts.length > 0) yield texts;
      offset += block.lines.length;
      left -= texts.length;
    }
  }

  async extent(jobId: string): Promise<LogExtent> {
    await this.#job(jobId);
    return this.#logs.extent(jobId);
  }

  async #job(jobId: string): Promise<Job> {
    const job = await this.#jobs.get(jobId);
    if (job) return job;
    throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
  }

  async #read(job: Job, { offset, limit, maxChars = maxPageChars }: PageRequest) {
    const block = await this.#logs.read(job.id, { offset, limit, maxChars });
    return { block, offsets: null, nextOffset: offset + block.lines.length };
  }
}

/** The texts of the lines of those runs that pass. */
function passing(
  { first, lines, runs }: PlacedBlock,
  matcher: LineMatcher,
  newest: number,
): string[] {
  let at = 0;
  return runs.flatMap((run) => {
    const from = at;
    at += run.count;
    if (matcher.run(run)) return lines.slice(from, at);
    const stands = first + at - 1 === newest;
    return stands && matcher.run(run, { stands }) ? lines.slice(at - 1, at) : [];
  });
}

interface Search extends Omit<PageRequest, 'filter' | 'room' | 'pace'> {
  matcher: LineMatcher | null;
  showStanding?: boolean;
  /** Whether a search that began at this time, and has not filled its page, may go on. */
  mayGoOn(startedAt: number): Promise<boolean>;
}
