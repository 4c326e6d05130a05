import { TrainyardError } from '../../core/errors.ts';
import {
  type LogGap,
  type LogLevel,
  type LogNotice,
  type LogSource,
  maxPageLines,
  type PlacedBlock,
} from '../../core/log.ts';
import { levelOf } from '../../lines/level.ts';
import type { GrowingLine } from '../growing-lines.ts';

/** One line of a log, with all that is known of it. */
export interface LogLine {
  offset: number;
  text: string;
  /** Milliseconds since 1970, UTC. */
  time: number;
  source: LogSource | null;
  level: LogLevel | null;
  /** The job is still writing it: it has no number for good, and its text is not the last. */
  growing: boolean;
}

/** A stretch of one job's log, as it stood at one moment. Never changed once made: viewers share it. */
export interface LogPage {
  readonly jobId: string;
  readonly lines: readonly string[];
  /** Made from the lines when first asked for: most readers want the text alone. */
  readonly entries: readonly LogLine[];
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  readonly nextOffset: number;
  readonly hasMore: boolean;
  readonly complete: boolean;
  readonly gaps: readonly LogGap[];
  readonly notice: LogNotice | null;
}

/** What a page is made of. `offsets` is null where the lines follow each other from the block's first on. */
export interface PageParts {
  jobId: string;
  block: PlacedBlock;
  offsets: readonly number[] | null;
  offset: number;
  limit: number;
  total: number;
  nextOffset: number;
  complete: boolean;
  gaps: readonly LogGap[];
  notice: LogNotice | null;
  /** Shown behind the lines, among the entries alone. */
  growing?: GrowingLine | null;
}

export function createPage({ block, offsets, growing = null, ...parts }: PageParts): LogPage {
  let entries: LogLine[] | null = null;
  return {
    ...parts,
    lines: block.texts,
    hasMore: parts.nextOffset < parts.total,
    get entries() {
      entries ??= expand(block, offsets, growing);
      return entries;
    },
  };
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

function expand(
  block: PlacedBlock,
  offsets: readonly number[] | null,
  growing: GrowingLine | null,
): LogLine[] {
  const lines: LogLine[] = [];
  let at = 0;
  for (const { count, time, source } of block.runs) {
    for (const end = at + count; at < end; at += 1) {
      const offset = offsets?.[at] ?? block.first + at;
      lines.push(new Line(offset, block.texts[at] ?? '', time, source));
    }
  }
  if (growing !== null)
    lines.push(new Unfinished(growing.offset, growing.text, growing.time, null));
  return lines;
}

/** Finds its level only for who asks: that costs more than all the rest of a line. */
class Line implements LogLine {
  readonly offset: number;
  readonly text: string;
  readonly time: number;
  readonly source: LogSource | null;
  readonly growing: boolean = false;

  constructor(offset: number, text: string, time: number, source: LogSource | null) {
    this.offset = offset;
    this.text = text;
    this.time = time;
    this.source = source;
  }

  get level(): LogLevel | null {
    return levelOf(this.text);
  }
}

class Unfinished extends Line {
  override readonly growing = true;
}
