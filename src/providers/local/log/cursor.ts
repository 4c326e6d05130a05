import { hash } from 'node:crypto';
import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';

/** How many lines an anchor holds, and how many of them differ; more lines where fewer do, up to the most. */
const anchorLines = 16;
const anchorMarks = 8;
const maxAnchorLines = 200;

/**
 * Where a job's log is to be read on: the number of the next line at the source and, where the source
 * may move its lines, the marks of the last lines before it.
 */
export interface Position {
  at: number;
  anchor: readonly string[];
}

const shape = z.object({
  at: z.int().nonnegative(),
  anchor: z.array(z.string()).max(maxAnchorLines).default([]),
});

/** A position as a cursor. */
export function cursorOf(position: Position): string {
  const { at, anchor } = position;
  return JSON.stringify(anchor.length === 0 ? { at } : { at, anchor });
}

/** The position that a cursor holds; null is the first line. Throws `INTERNAL` for what is no cursor of ours. */
export function positionOf(cursor: string | null): Position {
  if (cursor === null) return { at: 0, anchor: [] };
  try {
    return shape.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new TrainyardError('INTERNAL', `The log cursor ${cursor} cannot be read`, { cause });
  }
}

/** The mark of one line: 48 bits, so that 16 of them in a row do not meet by chance. */
export function markOf(line: string): string {
  return hash('sha1', line, 'base64url').slice(0, 8);
}

/** The anchor at the end of these marks: a run of equal lines alone may stand elsewhere, too. */
export function anchorOf(marks: readonly string[]): string[] {
  const distinct = new Set<string>();
  let start = marks.length;
  while (start > 0 && marks.length - start < maxAnchorLines) {
    if (marks.length - start >= anchorLines && distinct.size >= anchorMarks) break;
    start -= 1;
    distinct.add(marks[start] ?? '');
  }
  return marks.slice(start);
}
