import { TrainyardError } from '../../core/errors.ts';
import {
  type LineRun,
  type LogGap,
  type LogLevel,
  type LogNotice,
  type LogSource,
  maxPageLines,
  type ProgressMark,
} from '../../core/log.ts';
import { levelOf } from '../../lines/level.ts';
import type { GrowingLine } from '../growing-lines.ts';

/** The most gaps of one streamed page; where there are more, it has the last ones. */
const maxGaps = 1000;

/** One line of a log, with all that is known of it. */
export interface LogLine {
  offset: number;
  text: string;
  /** Milliseconds since 1970, UTC. */
  time: number;
  source: LogSource | null;
  level: LogLevel | null;
  /** Null where it is of no progress bar. */
  progress: ProgressMark | null;
  /** The job is still writing it: its number and its text may still change. */
  growing: boolean;
}

/** A stretch of one job's log at one moment. It never changes once it is made, because viewers share it. */
export interface LogPage {
  readonly jobId: string;
  readonly lines: readonly string[];
  /** When and where the lines were written, in the lines' order. */
  readonly runs: readonly LineRun[];
  /** The lines' numbers; null where they are consecutive from `offset` on. */
  readonly offsets: readonly number[] | null;
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  readonly nextOffset: number;
  readonly hasMore: boolean;
  readonly complete: boolean;
  readonly gaps: readonly LogGap[];
  readonly notice: LogNotice | null;
  /** The line that the job is still writing, shown after the last one; only `entries` have it, `lines` do not. */
  readonly growing: GrowingLine | null;
}

/** The page for a stream, where `complete` marks the last page only: a reader that stops there has missed nothing. */
export function asStreamed(page: LogPage): LogPage {
  return page.complete && page.hasMore ? { ...page, complete: false } : page;
}

/** Joins a page with the empty one before it, in which no line passed the filter: it begins where that one began. */
export function joinPages(empty: LogPage, page: LogPage): LogPage {
  const gaps = [...empty.gaps, ...page.gaps].slice(-maxGaps);
  return { ...page, offset: empty.offset, gaps };
}

type PageLines = Pick<LogPage, 'lines' | 'runs' | 'offsets' | 'offset' | 'growing'>;

/** The lines of a page with all their facts. They are made on demand, since most readers want only the text. */
export function entriesOf(page: PageLines): LogLine[] {
  const { lines, runs, offsets, offset, growing } = page;
  const entries: LogLine[] = [];
  let at = 0;
  for (const run of runs) {
    for (const end = at + run.count; at < end; at += 1) {
      entries.push(new Line(offsets?.[at] ?? offset + at, lines[at] ?? '', run));
    }
  }
  if (growing) {
    const { text, time } = growing;
    entries.push(new Unfinished(growing.offset, text, { count: 1, time, source: null }));
  }
  return entries;
}

/** Checks a caller's `limit` and `offset`, and counts a negative offset from the end of `total` lines. */
export function checkRange(range: { limit: number; offset: number; total: number }): number {
  const { limit, offset, total } = range;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxPageLines) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `limit is ${limit}; it must be between 1 and ${maxPageLines}.`,
    );
  }
  if (!Number.isSafeInteger(offset)) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `offset is ${offset}; it must be a whole number: 0 is the first line, -1 the last.`,
    );
  }
  return offset < 0 ? Math.max(0, total + offset) : offset;
}

/** Finds its level only on demand: that costs more than the rest of the line. */
class Line implements LogLine {
  readonly offset: number;
  readonly text: string;
  readonly time: number;
  readonly source: LogSource | null;
  readonly progress: ProgressMark | null;
  readonly growing: boolean = false;

  constructor(offset: number, text: string, { time, source, progress }: LineRun) {
    this.offset = offset;
    this.text = text;
    this.time = time;
    this.source = source;
    this.progress = progress ?? null;
  }

  get level(): LogLevel | null {
    return levelOf(this.text);
  }
}

class Unfinished extends Line {
  override readonly growing = true;
}
