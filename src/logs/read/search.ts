import { codeOf } from '../../core/errors.ts';
import { type LineRun, maxPageChars, type PlacedBlock } from '../../core/log.ts';
import type { LogStore, ScanStretch } from '../../core/store.ts';
import type { LineMatcher } from './filter.ts';

/** The most lines that one search reads; those that it passes over unread do not count. */
const maxScanLines = 1_000_000;
/** A search gives up its turn after this many milliseconds: an expression may take a millisecond for one line. */
const turnMs = 4;

interface SearchRequest {
  matcher: LineMatcher;
  /** The first line to look at. */
  offset: number;
  /** How many lines the log has. */
  total: number;
  /** The most matches, and about the most text of them, in UTF-16 units. */
  limit: number;
  maxChars?: number;
  signal?: AbortSignal | undefined;
  /** Whether the newest line of the log counts as the last state of its bar, though more may come. */
  showStanding?: boolean;
  /** Whether a search that began at this time, and has not filled its page, may go on. */
  mayGoOn(startedAt: number): Promise<boolean>;
}

/**
 * The matching lines from `offset` on, and where the next search begins: after the last match that fitted,
 * after the last line looked at, or at damaged lines. Damaged lines are an error only where the search begins
 * with them.
 */
export async function searchLog(
  logs: LogStore,
  jobId: string,
  request: SearchRequest,
): Promise<{ block: PlacedBlock; offsets: number[]; nextOffset: number }> {
  const { offset, total, matcher, signal } = request;
  const matches = new Matches(request);
  const startedAt = performance.now();
  // Beyond the end there is nothing to search: as without a filter, the next search begins there.
  const end = Math.max(offset, total);
  let nextOffset = offset;
  let left = maxScanLines;
  do {
    const until = performance.now() + turnMs;
    const standing = request.showStanding ? total - 1 : null;
    const limits = { to: end, until, left };
    const part = { matcher, matches, signal, from: nextOffset, standing, ...limits };
    try {
      ({ next: nextOffset, left } = await searchOn(logs, jobId, part));
    } catch (error) {
      if (nextOffset === offset || codeOf(error) !== 'DATA_DAMAGED') throw error;
      break;
    }
  } while (!matches.full && nextOffset < end && left > 0 && (await request.mayGoOn(startedAt)));
  return { block: matches.block(offset), offsets: matches.offsets, nextOffset };
}

/**
 * Searches from `from` on until the time `until`, at least one line, and reads at most `left` lines. Returns where to
 * go on, and how many lines may still be read. It keeps only the matches.
 */
async function searchOn(
  logs: LogStore,
  jobId: string,
  part: SearchPart,
): Promise<{ next: number; left: number }> {
  const { matcher, matches, signal, until, standing } = part;
  signal?.throwIfAborted();
  let { from: next, left } = part;
  const { needs, maybe } = matcher;
  const stretches = logs.scan(jobId, { from: next, needs, maybe, signal });
  for await (const { first, count, block, isRead } of untilDamage(stretches)) {
    if (first >= part.to) return { next: part.to, left };
    const to = Math.min(first + (isRead ? Math.min(count, left) : count), part.to);
    next = block ? matches.take(block, matcher, { from: next, to, until, standing }) : to;
    if (isRead) left -= next - first;
    const isOver = matches.full || next < to || next >= part.to || left === 0;
    if (isOver || performance.now() >= until) return { next, left };
  }
  // The job is being deleted: there is nothing more to look at.
  return { next: next === part.from ? part.to : next, left };
}

interface SearchPart {
  matcher: LineMatcher;
  matches: Matches;
  from: number;
  to: number;
  until: number;
  left: number;
  /** The newest line, where it counts as the last state of its bar. */
  standing: number | null;
  signal: AbortSignal | undefined;
}

/** The stretches before damaged lines. Throws their error only where no stretch comes before them. */
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
  readonly #runs: LineRun[] = [];
  readonly #limit: number;
  readonly #maxChars: number;
  #chars = 0;

  constructor({ limit, maxChars = maxPageChars }: Pick<SearchRequest, 'limit' | 'maxChars'>) {
    this.#limit = limit;
    this.#maxChars = maxChars;
  }

  get full(): boolean {
    return this.#texts.length >= this.#limit || this.#chars >= this.#maxChars;
  }

  block(first: number): PlacedBlock {
    return { first, texts: this.#texts, runs: this.#runs };
  }

  /** Takes the matching lines with `from <= offset < to` until the time `until`, looking at one line at least; returns where to go on. */
  take(
    block: PlacedBlock,
    matcher: LineMatcher,
    { from, to, until, standing }: Pick<SearchPart, 'from' | 'to' | 'until' | 'standing'>,
  ): number {
    let at = 0;
    for (const run of block.runs) {
      const runEnd = at + run.count;
      if (!matcher.run(run)) {
        const isStanding = block.first + runEnd - 1 === standing;
        at = isStanding && matcher.run(run, { stands: true }) ? runEnd - 1 : runEnd;
      }
      for (; at < runEnd; at += 1) {
        const offset = block.first + at;
        if (offset < from) continue;
        if (offset >= to) return to;
        const text = block.texts[at] ?? '';
        if (matcher.text(text)) {
          this.offsets.push(offset);
          this.#texts.push(text);
          this.#runs.push({ ...run, count: 1 });
          this.#chars += text.length;
          if (this.full) return offset + 1;
        }
        if (performance.now() >= until) return offset + 1;
      }
    }
    return to;
  }
}
