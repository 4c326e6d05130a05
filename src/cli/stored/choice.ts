import type { LogFilter } from '@trainyard/client';
import type { Matching } from './context-lines.ts';

/** Which lines of a log to print. */
export interface Choice {
  /** The lines that there are. */
  filter: LogFilter | null;
  /** Those of them that are wanted, with others around them; null for all. */
  matching: Matching | null;
}

/** The one filter for the lines that are wanted. */
export function wanted({ filter, matching }: Choice): LogFilter | null {
  return matching ? { ...filter, ...matching.match } : filter;
}

/** True where lines around matches are wanted. */
export function hasContext({ before, after }: Matching): boolean {
  return before + after > 0;
}
