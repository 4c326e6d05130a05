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
  /** The first line to look at; backwards, the line behind the first one. */
  offset: number;
  /** From line to line towards the beginning of the log: the nearest match comes first. */
  backwards?: boolean;
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
 * The matching lines from `offset` on in the direction of the search, and where the next search begins: after the last
 * match that fitted, after the last line looked at, or at damaged lines. Damaged lines are an error only where the
 * search begins with them.
 */
export async function searchLog(
  logs: LogStore,
  jobId: string,
  request: SearchRequest,
): Promise<{ block: PlacedBlock; offsets: number[]; nextOffset: number }> {
  const { offset, total, matcher, backwards = false, signal } = request;
  const matches = new Matches(request);
  const startedAt = performance.now();
  // Beyond the end there is nothing to search: as without a filter, the next search begins there.
  const end = backwards ? 0 : Math.max(offset, total);
  const start = backwards ? Math.min(offset, total) : offset;
  let nextOffset = start;
  let left = maxScanLines;
  const isOver = () => matches.full || nextOffset === end || left === 0;
  do {
    const until = performance.now() + turnMs;
    const standing = request.showStanding ? total - 1 : null;
    const limits = { end, until, left };
    const part = { matcher, matches, signal, from: nextOffset, backwards, standing, ...limits };
    try {
      ({ next: nextOffset, left } = await searchOn(logs, jobId, part));
    } catch (error) {
      if (nextOffset === start || codeOf(error) !== 'DATA_DAMAGED') throw error;
      break;
    }
  } while (!isOver() && (await request.mayGoOn(startedAt)));
  const first = backwards ? nextOffset : offset;
  return { block: matches.block(first), offsets: matches.offsets, nextOffset };
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
  const { matcher, matches, signal, backwards, end, until, standing } = part;
  signal?.throwIfAborted();
  let { from: next, left } = part;
  const { needs, maybe } = matcher;
  const stretches = logs.scan(jobId, { from: next, backwards, needs, maybe, signal });
  for await (const { first, count, block, isRead } of untilDamage(stretches)) {
    // More may have come since.
    if (!backwards && first >= end) return { next: end, left };
    const lines = isRead ? Math.min(count, left) : count;
    const to = backwards ? first + count - lines : Math.min(first + lines, end);
    const before = next;
    next = block ? matches.take(block, matcher, { from: next, to, until, standing }) : to;
    if (isRead) left -= Math.abs(next - before);
    const isOver = matches.full || next !== to || next === end || left === 0;
    if (isOver || performance.now() >= until) return { next, left };
  }
  // The job is being deleted: there is nothing more to look at.
  return { next: next === part.from ? end : next, left };
}

interface SearchPart {
  matcher: LineMatcher;
  matches: Matches;
  from: number;
  backwards: boolean;
  /** Where the search ends in any case. */
  end: number;
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
    return { first, lines: this.#texts, runs: this.#runs };
  }

  /**
   * Takes the matching lines from `from` up to `to`, or back to it where that lies before, until the time `until`;
   * looks at one line at least. Returns where to go on.
   */
  take(
    block: PlacedBlock,
    matcher: LineMatcher,
    range: Pick<SearchPart, 'from' | 'until' | 'standing'> & { to: number },
  ): number {
    const { from, to, until, standing } = range;
    const step = to < from ? -1 : 1;
    const runs = placedRuns(block);
    if (step === -1) runs.reverse();
    for (const { run, first, end } of runs) {
      const least = Math.max(first, Math.min(from, to));
      const most = Math.min(end, Math.max(from, to)) - 1;
      const passes = matcher.run(run);
      const onlyLast = !passes && end - 1 === standing && matcher.run(run, { stands: true });
      if (!passes && !onlyLast) continue;
      const lowest = onlyLast ? Math.max(least, end - 1) : least;
      for (let n = step === 1 ? lowest : most; n >= lowest && n <= most; n += step) {
        const text = block.lines[n - block.first] ?? '';
        const next = step === 1 ? n + 1 : n;
        if (matcher.text(text)) {
          this.offsets.push(n);
          this.#texts.push(text);
          this.#runs.push({ ...run, count: 1 });
          this.#chars += text.length;
          if (this.full) return next;
        }
        if (performance.now() >= until) return next;
      }
    }
    return to;
  }
}

/** The runs of a block, each with the number of its first line and the one behind its last line. */
function placedRuns(block: PlacedBlock): { run: LineRun; first: number; end: number }[] {
  let end = block.first;
  return block.runs.map((run) => {
    const first = end;
    end += run.count;
    return { run, first, end };
  });
}
