import { hash } from 'node:crypto';
import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';

/** An anchor holds at least 16 lines, and more, up to 200, until at least 8 of them differ. */
const anchorLines = 16;
const anchorMarks = 8;
const maxAnchorLines = 200;

/** Where reading of a job's log continues. */
export interface Position {
  /** The number of the next line at the source. */
  at: number;
  /** The marks of the last lines before it; empty where the source never renumbers its lines. */
  anchor: readonly string[];
}

const shape = z.object({
  at: z.int().nonnegative(),
  anchor: z.array(z.string()).max(maxAnchorLines).default([]),
});

/** The cursor that holds a position. */
export function cursorOf(position: Position): string {
  const { at, anchor } = position;
  return JSON.stringify(anchor.length === 0 ? { at } : { at, anchor });
}

/** The position that a cursor holds; null is the first line. Throws `INTERNAL` for a text that is not a cursor. */
export function positionOf(cursor: string | null): Position {
  if (cursor === null) return { at: 0, anchor: [] };
  try {
    return shape.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new TrainyardError('INTERNAL', `The log cursor ${cursor} cannot be read`, { cause });
  }
}

/** The mark of one line: 48 bits of its SHA-1, so that 16 marks in a row never match by chance. */
export function markOf(line: string): string {
  return hash('sha1', line, 'base64url').slice(0, 8);
}

/** The anchor at the end of these marks. It holds different lines, because a run of equal ones may occur elsewhere. */
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
