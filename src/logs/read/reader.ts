import { codeOf, TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import {
  type LogFilter,
  type LogSource,
  maxPageChars,
  maxPageLines,
  type PlacedBlock,
} from '../../core/log.ts';
import type { JobStore, LogHead, LogStore, ScanStretch } from '../../core/store.ts';
import { Turns } from '../../lib/async/turns.ts';
import { quote } from '../../lib/text/quote.ts';
import { GrowingLines } from '../growing-lines.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import { Pace } from './pace.ts';
import { checkRange, type LogPage } from './page.ts';
import type { PageRoom } from './page-room.ts';

/** The most lines that one filtered page looks at. */
const maxScanLines = 1_000_000;
/** The longest that one filtered page looks, in milliseconds. */
const maxScanMs = 2000;
/** A search lets others go on after this long: an expression may take a millisecond a line. */
const turnMs = 4;
/** Text that is read of a log at a time where all of it is sent, in UTF-16 units: a reader holds some of these. */
const maxBlockChars = 64 * 1024;

export interface PageRequest {
  limit: number;
  offset: number;
  /** About the most text, in UTF-16 units; one line comes anyway. At most and by default `maxPageChars`. */
  maxChars?: number;
  filter?: LogFilter | null;
  /** Show the line that the job is writing behind the last one. */
  growing?: boolean;
  signal?: AbortSignal;
  /** Whose turns the work takes; where nobody else can be waiting, nobody's. */
  pace?: Pace;
  /** What the operation's pages may take together. */
  room?: PageRoom;
}

/** A page of a stream, which is one turn's work, however little that finds. */
export interface StreamedPageRequest extends Omit<PageRequest, 'filter' | 'room'> {
  matcher: LineMatcher | null;
}

/** Answers any page of any log out of the store. */
export class LogReader {
  readonly #jobs: JobStore;
  readonly #logs: LogStore;
  readonly #growing: GrowingLines;
  readonly #damaged: (jobId: string, line: number) => void;

  /** `damaged` is told of each damaged line that is met. */
  constructor(
    store: { jobs: JobStore; logs: LogStore },
    growing = new GrowingLines(),
    damaged: (jobId: string, line: number) => void = () => {},
  ) {
    this.#jobs = store.jobs;
    this.#logs = store.logs;
    this.#growing = growing;
    this.#damaged = damaged;
  }

  /**
   * One page. With a filter, `offset` is where to start looking, and one call looks at no more than
   * `maxScanLines` lines or for `maxScanMs`. Errors: `NOT_FOUND`, `BAD_USER_INPUT`, `STORE_UNAVAILABLE`,
   * `DATA_DAMAGED` where it would begin with damaged lines; one that would cross them ends before.
   */
  async page(jobId: string, request: PageRequest): Promise<LogPage> {
    const matcher = compileFilter(request.filter);
    const { room, pace = new Pace(new Turns()) } = request;
    await pace.turn('question');
    const maxChars = Math.min(request.maxChars ?? maxPageChars, room?.left ?? maxPageChars);
    const page = await this.#page(jobId, {
      ...request,
      maxChars,
      matcher,
      async mayGoOn(startedAt) {
        await pace.turn('question');
        return performance.now() - startedAt < maxScanMs;
      },
    });
    room?.take(page.lines.reduce((sum, line) => sum + line.length, 0));
    return page;
  }

  /** As `page`, but a search ends after one turn. The turn itself is the caller's to wait for. */
  streamedPage(jobId: string, request: StreamedPageRequest): Promise<LogPage> {
    return this.#page(jobId, { ...request, mayGoOn: async () => false });
  }

  async #page(jobId: string, request: Search): Promise<LogPage> {
    const { matcher } = request;
    const [job, head] = await Promise.all([this.#job(jobId), this.#logs.head(jobId)]);
    const offset = checkRange({ ...request, total: head.total });
    const found = await (matcher
      ? this.#search(job, head, { ...request, offset, matcher })
      : this.#read(job, { ...request, offset })
    ).catch((error: unknown) => {
      if (codeOf(error) === 'DATA_DAMAGED') this.#damaged(jobId, offset);
      throw error;
    });
    const { nextOffset } = found;
    const gaps = await this.#logs.gaps(jobId, { from: offset, to: nextOffset });
    // Lines may have come between the head and the read: what was read is stored, so it counts.
    const total = Math.max(head.total, nextOffset > offset ? nextOffset : 0);
    const isLast = nextOffset === total && found.block.texts.length < request.limit;
    const asked = request.growing === true && matcher === null && isLast && !head.complete;
    const { block, offsets } = found;
    return {
      growing: asked ? this.#growing.get(jobId, total) : null,
      jobId,
      lines: block.texts,
      runs: block.runs,
      offsets,
      offset,
      limit: request.limit,
      total,
      nextOffset,
      hasMore: nextOffset < total,
      complete: head.complete,
      gaps,
      notice: job.notice,
    };
  }

  /** The job's lines from `offset` on, at most `limit`, as blocks that follow each other; pulled by the reader, so memory stays flat. */
  async *blocks(
    jobId: string,
    range: { offset: number; limit: number | null; pace: Pace },
  ): AsyncGenerator<PlacedBlock> {
    let offset = range.offset;
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      const limit = Math.min(left, maxPageLines);
      await range.pace.turn('stream');
      const block = await this.#logs.read(jobId, { offset, limit, maxChars: maxBlockChars });
      if (block.texts.length === 0) {
        // A log that was deleted meanwhile must not look like one that ends here.
        await this.#job(jobId);
        return;
      }
      yield block;
      offset += block.texts.length;
      left -= block.texts.length;
    }
  }

  async head(jobId: string): Promise<LogHead> {
    await this.#job(jobId);
    return this.#logs.head(jobId);
  }

  async #job(jobId: string): Promise<Job> {
    const job = await this.#jobs.get(jobId);
    if (job) return job;
    throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
  }

  async #read(job: Job, { offset, limit, maxChars = maxPageChars }: PageRequest) {
    const block = await this.#logs.read(job.id, { offset, limit, maxChars });
    return { block, offsets: null, nextOffset: offset + block.texts.length };
  }

  async #search(
    job: Job,
    head: LogHead,
    request: Search & { matcher: LineMatcher },
  ): Promise<{ block: PlacedBlock; offsets: number[]; nextOffset: number }> {
    const { offset, matcher, signal } = request;
    const matches = new Matches(request);
    const startedAt = performance.now();
    const end = Math.min(head.total, offset + maxScanLines);
    let nextOffset = offset;
    do {
      const until = performance.now() + turnMs;
      const part = { from: nextOffset, to: end, until };
      try {
        nextOffset = await this.#searchOn(job.id, { matcher, matches, signal, ...part });
      } catch (error) {
        // Damaged lines: the page ends before them, as one without a filter does.
        if (nextOffset === offset || codeOf(error) !== 'DATA_DAMAGED') throw error;
        break;
      }
    } while (!matches.full && nextOffset < end && (await request.mayGoOn(startedAt)));
    return { block: matches.block(offset), offsets: matches.offsets, nextOffset };
  }

  /** Looks on from `from`, at one line at least, until the time `until`; returns where to go on. Keeps nothing but what it found. */
  async #searchOn(jobId: string, part: SearchPart): Promise<number> {
    const { matcher, matches, signal, until } = part;
    signal?.throwIfAborted();
    let next = part.from;
    const scan = { from: next, maybe: matcher.maybe, signal };
    for await (const { first, count, block } of untilDamage(this.#logs.scan(jobId, scan))) {
      if (first >= part.to) return part.to;
      const to = Math.min(first + count, part.to);
      next = block ? matches.take(block, matcher, { from: next, to, until }) : to;
      if (matches.full || next < to || next >= part.to || performance.now() >= until) return next;
    }
    // The job is being deleted: there is nothing more to look at.
    return next === part.from ? part.to : next;
  }
}

interface Search extends Omit<PageRequest, 'filter' | 'room' | 'pace'> {
  matcher: LineMatcher | null;
  /** Whether a search that has found too little goes on, when it was begun at this time. */
  mayGoOn(startedAt: number): Promise<boolean>;
}

interface SearchPart {
  matcher: LineMatcher;
  matches: Matches;
  from: number;
  to: number;
  until: number;
  signal: AbortSignal | undefined;
}

/** Stretches up to damaged lines; their error only where there is none before them, as pages have it. */
async function* untilDamage(stretches: AsyncIterable<ScanStretch>): AsyncGenerator<ScanStretch> {
  let isFirst = true;
  try {
    for await (const stretch of stretches) {
      yield stretch;
      isFirst = false;
    }
  } catch (error) {
    if (isFirst || codeOf(error) !== 'DATA_DAMAGED') throw error;
  }
}

/** The lines that a search has found so far. */
class Matches {
  readonly offsets: number[] = [];
  readonly #texts: string[] = [];
  readonly #runs: { count: number; time: number; source: LogSource | null }[] = [];
  readonly #limit: number;
  readonly #maxChars: number;
  #chars = 0;

  constructor({ limit, maxChars = maxPageChars }: Pick<PageRequest, 'limit' | 'maxChars'>) {
    this.#limit = limit;
    this.#maxChars = maxChars;
  }

  get full(): boolean {
    return this.#texts.length >= this.#limit || this.#chars >= this.#maxChars;
  }

  block(first: number): PlacedBlock {
    return { first, texts: this.#texts, runs: this.#runs };
  }

  /** Takes the matching lines with `from <= offset < to`, one at least, until the time `until`; returns where to look on. */
  take(
    block: PlacedBlock,
    matcher: LineMatcher,
    { from, to, until }: { from: number; to: number; until: number },
  ): number {
    let at = 0;
    for (const { count, time, source } of block.runs) {
      const runEnd = at + count;
      if (!matcher.run(time, source)) {
        at = runEnd;
        continue;
      }
      for (; at < runEnd; at += 1) {
        const offset = block.first + at;
        if (offset < from) continue;
        if (offset >= to) return to;
        const text = block.texts[at] ?? '';
        if (matcher.text(text)) {
          this.offsets.push(offset);
          this.#texts.push(text);
          this.#runs.push({ count: 1, time, source });
          this.#chars += text.length;
          if (this.full) return offset + 1;
        }
        if (performance.now() >= until) return offset + 1;
      }
    }
    return to;
  }
}
