import { setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf, TrainyardError } from '../../core/errors.ts';
import { type LogFilter, type LogLevel, logLevels, type PlacedBlock } from '../../core/log.ts';
import type { LineNeeds } from '../../core/needs.ts';
import type { LogSection, LogStore } from '../../core/store.ts';
import { levelOf } from '../../lines/level.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import type { Pace } from './pace.ts';

/** How long one overview reads, and how many lines, by default. */
const defaultBudget = { ms: 2000, lines: 1_000_000 };
/** A turn of work is over after this many milliseconds. */
const turnMs = 4;

/** The lines from `offset` on, `lines` of them, and how many of these state a level or match. */
export interface LogBucket {
  offset: number;
  lines: number;
  warnings: number;
  errors: number;
  matches: number;
}

export interface LogOverview {
  jobId: string;
  total: number;
  buckets: LogBucket[];
  /** True where each level is counted in its bucket. Else some are spread over a few buckets, near the lines that state them. */
  levelsExact: boolean;
  /** The line up to which matches were looked for; 0 without a filter. */
  searchedTo: number;
}

interface OverviewRequest {
  /** The most buckets. */
  buckets: number;
  filter: LogFilter | null;
  pace: Pick<Pace, 'turn'>;
}

/** Tells how a log's lines are spread, reading as little of it as may be. */
export class LogOverviews {
  readonly #logs: LogStore;
  readonly #budget: { ms: number; lines: number };

  constructor(logs: LogStore, budget: { ms: number; lines: number } = defaultBudget) {
    this.#logs = logs;
    this.#budget = budget;
  }

  /** An overview of a log that has `total` lines. Throws `BAD_USER_INPUT` for a broken filter. */
  async of(
    jobId: string,
    total: number,
    { buckets: most, filter, pace }: OverviewRequest,
  ): Promise<LogOverview> {
    const matcher = compileFilter(filter);
    const buckets = emptyBuckets(total, most);
    const work = { jobId, total, buckets, pace, left: this.#budget.lines, until: 0 };
    work.until = performance.now() + this.#budget.ms;
    const levelsExact = await this.#countLevels(work);
    work.left = this.#budget.lines;
    work.until = performance.now() + this.#budget.ms;
    const searchedTo = matcher === null ? 0 : await this.#countMatches(work, matcher);
    return { jobId, total, buckets, levelsExact, searchedTo };
  }

  /** False where some could not be counted line by line. */
  async #countLevels(work: Work): Promise<boolean> {
    const unread: Stretch[] = [];
    let next = 0;
    for await (const section of this.#logs.sections(work.jobId)) {
      if (section.first > next) unread.push({ from: next, to: section.first, section: null });
      unread.push(...countWhole(section, work.buckets));
      next = sectionEnd(section);
    }
    if (next < work.total) unread.push({ from: next, to: work.total, section: null });
    let exact = true;
    // The newest lines first: they have no section yet, and are looked at most.
    for (const stretch of unread.reverse()) {
      const counted = await this.#read(work, stretch, levelNeeds, (text, bucket) => {
        countLevel(bucket, levelOf(text), 1);
      });
      if (counted < stretch.to) {
        exact = false;
        spread(stretch, counted, work.buckets);
      }
    }
    return exact;
  }

  /** Resolves to the line up to which matches were looked for. */
  async #countMatches(work: Work, matcher: LineMatcher): Promise<number> {
    const all = { from: 0, to: work.total, section: null };
    const pick = (block: PlacedBlock) => runsThatMatch(block, matcher);
    return this.#read(
      work,
      all,
      matcher.needs,
      (text, bucket) => {
        if (matcher.text(text)) bucket.matches += 1;
      },
      { maybe: matcher.maybe, pick },
    );
  }

  /** Reads lines until the budget is spent; resolves to the first line that was not looked at. Damaged lines count as none. */
  async #read(
    work: Work,
    { from, to }: Stretch,
    needs: LineNeeds,
    take: (text: string, bucket: LogBucket) => void,
    {
      maybe,
      pick,
    }: { maybe?: LineMatcher['maybe']; pick?: (block: PlacedBlock) => boolean[] } = {},
  ): Promise<number> {
    let next = from;
    while (next < to && work.left > 0 && performance.now() < work.until) {
      await work.pace.turn('page');
      const turnEndsAt = performance.now() + turnMs;
      try {
        for await (const stretch of this.#logs.scan(work.jobId, { from: next, needs, maybe })) {
          if (stretch.first >= to) return to;
          const end = Math.min(stretch.first + stretch.count, to);
          if (stretch.block !== null)
            takeLines(stretch.block, { next, end, pick, take }, work.buckets);
          if (stretch.isRead) work.left -= end - next;
          next = end;
          if (next >= to || work.left <= 0 || performance.now() >= turnEndsAt) break;
        }
      } catch (error) {
        if (!(error instanceof TrainyardError) || codeOf(error) !== 'DATA_DAMAGED') throw error;
        const { nextOffset } = error.details;
        if (typeof nextOffset !== 'number' || nextOffset <= next) return to;
        next = Math.min(nextOffset, to);
      }
      await nextTurn();
    }
    return next;
  }
}

interface Work {
  jobId: string;
  total: number;
  buckets: LogBucket[];
  pace: Pick<Pace, 'turn'>;
  /** Lines that may still be read, and until when. */
  left: number;
  until: number;
}

/** Lines whose levels are to be read. */
interface Stretch {
  from: number;
  to: number;
  /** What is known of them; null for nothing. */
  section: { warnings: number; errors: number } | null;
}

const levelNeeds: LineNeeds = {
  text: null,
  minLevel: 'WARNING',
  since: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
  sources: null,
};

function emptyBuckets(total: number, most: number): LogBucket[] {
  const size = Math.max(1, Math.ceil(total / most));
  return Array.from({ length: Math.ceil(total / size) }, (_, at) => ({
    offset: at * size,
    lines: Math.min(size, total - at * size),
    warnings: 0,
    errors: 0,
    matches: 0,
  }));
}

function bucketOf(buckets: readonly LogBucket[], line: number): LogBucket | undefined {
  const size = buckets[0]?.lines ?? 1;
  return buckets[Math.floor(line / size)];
}

function countLevel(bucket: LogBucket, level: LogLevel | null, count: number): void {
  if (level === 'WARNING') bucket.warnings += count;
  else if (level === 'ERROR') bucket.errors += count;
}

/** Counts a section where its levels can only belong to one bucket; else returns the stretch that must be read. */
function countWhole(section: LogSection, buckets: readonly LogBucket[]): Stretch[] {
  const [warning, error] = (['WARNING', 'ERROR'] as const).map(
    (level) => section.levels[logLevels.indexOf(level)] ?? { count: 0, parts: 0 },
  );
  const known = { warnings: warning?.count ?? 0, errors: error?.count ?? 0 };
  if (known.warnings + known.errors === 0) return [];
  const wanted = (warning?.parts ?? 0) | (error?.parts ?? 0);
  let from = section.first;
  let [begin, end] = [Number.POSITIVE_INFINITY, section.first];
  for (const [index, count] of section.parts.entries()) {
    if ((wanted & (1 << index)) !== 0) {
      begin = Math.min(begin, from);
      end = from + count;
    }
    from += count;
  }
  const bucket = bucketOf(buckets, begin);
  if (bucket === undefined || bucket !== bucketOf(buckets, end - 1)) {
    return [{ from: begin, to: end, section: known }];
  }
  bucket.warnings += known.warnings;
  bucket.errors += known.errors;
  return [];
}

function sectionEnd({ first, parts }: LogSection): number {
  return parts.reduce((sum, count) => sum + count, first);
}

/** Spreads what is known of a stretch, and was not counted, over the buckets of its lines from `next` on. */
function spread({ from, to, section }: Stretch, next: number, buckets: readonly LogBucket[]): void {
  if (section === null || to <= from) return;
  const share = (to - next) / (to - from);
  let [warnings, errors] = [section.warnings, section.errors].map((count) =>
    Math.round(count * share),
  );
  const within = buckets.filter(({ offset, lines }) => offset + lines > next && offset < to);
  for (const [at, bucket] of within.entries()) {
    const left = within.length - at;
    const [some, others] = [Math.ceil((warnings ?? 0) / left), Math.ceil((errors ?? 0) / left)];
    bucket.warnings += some;
    bucket.errors += others;
    warnings = (warnings ?? 0) - some;
    errors = (errors ?? 0) - others;
  }
}

function takeLines(
  block: PlacedBlock,
  {
    next,
    end,
    pick,
    take,
  }: {
    next: number;
    end: number;
    pick: ((block: PlacedBlock) => boolean[]) | undefined;
    take: (text: string, bucket: LogBucket) => void;
  },
  buckets: readonly LogBucket[],
): void {
  const picked = pick?.(block);
  for (const [at, text] of block.lines.entries()) {
    const line = block.first + at;
    if (line < next || line >= end || picked?.[at] === false) continue;
    const bucket = bucketOf(buckets, line);
    if (bucket !== undefined) take(text, bucket);
  }
}

/** For each line, whether its run can match. */
function runsThatMatch({ runs }: PlacedBlock, matcher: LineMatcher): boolean[] {
  return runs.flatMap((run) => Array<boolean>(run.count).fill(matcher.run(run)));
}
