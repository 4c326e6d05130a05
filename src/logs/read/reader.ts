import { setImmediate as nextTurn } from 'node:timers/promises';
import { TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import {
  type LogFilter,
  type LogSource,
  maxPageChars,
  maxPageLines,
  type PlacedBlock,
} from '../../core/log.ts';
import type { JobStore, LogHead, LogStore } from '../../core/store.ts';
import { GrowingLines } from '../growing-lines.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import { checkRange, createPage, type LogPage } from './page.ts';

/** The most lines that one filtered page looks at. */
const maxScanLines = 1_000_000;
/** The longest that one filtered page looks, in milliseconds. */
const maxScanMs = 2000;
/** A search lets others go on after this long: an expression may take a millisecond a line. */
const turnMs = 4;

export interface PageRequest {
  limit: number;
  offset: number;
  /** About the most text, in UTF-16 units; one line comes anyway. At most and by default `maxPageChars`. */
  maxChars?: number;
  filter?: LogFilter | null;
  /** Show the line that the job is writing behind the last one. */
  growing?: boolean;
  signal?: AbortSignal;
}

/** Answers any page of any log out of the store. */
export class LogReader {
  readonly #jobs: JobStore;
  readonly #logs: LogStore;
  readonly #growing: GrowingLines;

  constructor(store: { jobs: JobStore; logs: LogStore }, growing = new GrowingLines()) {
    this.#jobs = store.jobs;
    this.#logs = store.logs;
    this.#growing = growing;
  }

  /**
   * One page. With a filter, `offset` is where to start looking, and one call looks at no more than
   * `maxScanLines` lines or for `maxScanMs`. Errors: `NOT_FOUND`, `BAD_USER_INPUT`, `STORE_UNAVAILABLE`.
   */
  async page(jobId: string, request: PageRequest): Promise<LogPage> {
    const matcher = compileFilter(request.filter);
    const [job, head] = await Promise.all([this.#job(jobId), this.#logs.head(jobId)]);
    const offset = checkRange({ ...request, total: head.total });
    const found = matcher
      ? await this.#search(job, head, { ...request, offset, matcher })
      : await this.#read(job, { ...request, offset });
    const { nextOffset } = found;
    const gaps = await this.#logs.gaps(jobId, { from: offset, to: nextOffset });
    // Lines may have come between the head and the read: what was read is stored, so it counts.
    const total = Math.max(head.total, nextOffset > offset ? nextOffset : 0);
    const { complete } = head;
    const { notice } = job;
    const isLast = nextOffset === total && found.block.texts.length < request.limit;
    const asked = request.growing === true && matcher === null && isLast && !complete;
    return createPage({
      growing: asked ? this.#growing.get(jobId, total) : null,
      jobId,
      ...found,
      offset,
      limit: request.limit,
      total,
      complete,
      gaps,
      notice,
    });
  }

  /** The job's lines from `offset` on, at most `limit`, as blocks that follow each other; pulled by the reader, so memory stays flat. */
  async *blocks(
    jobId: string,
    range: { offset: number; limit: number | null },
  ): AsyncGenerator<PlacedBlock> {
    let offset = range.offset;
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      const limit = Math.min(left, maxPageLines);
      const block = await this.#logs.read(jobId, { offset, limit, maxChars: maxPageChars / 8 });
      if (block.texts.length === 0) {
        // A log that was deleted meanwhile must not look like one that ends here.
        await this.#job(jobId);
        return;
      }
      yield block;
      // A reader that takes blocks as fast as they come must let others in.
      await nextTurn();
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
    throw new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(jobId)}.`);
  }

  async #read(job: Job, { offset, limit, maxChars = maxPageChars }: PageRequest) {
    const block = await this.#logs.read(job.id, { offset, limit, maxChars });
    return { block, offsets: null, nextOffset: offset + block.texts.length };
  }

  async #search(job: Job, head: LogHead, request: PageRequest & { matcher: LineMatcher }) {
    const { offset, matcher } = request;
    const matches = new Matches(request);
    const deadline = performance.now() + maxScanMs;
    const end = Math.min(head.total, offset + maxScanLines);
    let nextOffset = offset;
    const scan = { from: offset, maybe: matcher.maybe, signal: request.signal };
    for await (const { first, count, block } of this.#logs.scan(job.id, scan)) {
      if (first >= end) break;
      const to = Math.min(first + count, end);
      if (block) {
        // One line at least, however long the block took to come.
        do {
          const until = performance.now() + turnMs;
          nextOffset = matches.take(block, matcher, { from: nextOffset, to, until });
          if (performance.now() >= until) await nextTurn();
          request.signal?.throwIfAborted();
        } while (nextOffset < to && !matches.full && performance.now() < deadline);
      } else nextOffset = to;
      if (matches.full || nextOffset >= end || performance.now() >= deadline) break;
    }
    return { block: matches.block(offset), offsets: matches.offsets, nextOffset };
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
