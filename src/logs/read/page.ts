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

/** One line of a log, with all that is known of it. */
export interface LogLine {
  offset: number;
  text: string;
  /** Milliseconds since 1970, UTC. */
  time: number;
  source: LogSource | null;
  level: LogLevel | null;
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
}

export function createPage({ block, offsets, ...parts }: PageParts): LogPage {
  let entries: LogLine[] | null = null;
  return {
    ...parts,
    lines: block.texts,
    hasMore: parts.nextOffset < parts.total,
    get entries() {
      entries ??= expand(block, offsets);
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

function expand(block: PlacedBlock, offsets: readonly number[] | null): LogLine[] {
  const lines: LogLine[] = [];
  let at = 0;
  for (const { count, time, source } of block.runs) {
    for (const end = at + count; at < end; at += 1) {
      const offset = offsets?.[at] ?? block.first + at;
      lines.push(new Line(offset, block.texts[at] ?? '', time, source));
    }
  }
  return lines;
}

/** Finds its level only for who asks: that costs more than all the rest of a line. */
class Line implements LogLine {
  readonly offset: number;
  readonly text: string;
  readonly time: number;
  readonly source: LogSource | null;

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
