import { anchorLines, markOf, type Position } from './cursor.ts';

export interface Pages {
  /** Up to `limit` lines from position `offset` on, fewer where the log ends. */
  page(range: { offset: number; limit: number }): Promise<readonly string[]>;
}

export interface Stretch {
  /** The lines after the position that was asked for. */
  lines: readonly string[];
  position: Position;
  /** Lines before these were gone from the source before they could be read. */
  lost: boolean;
  /** The source has moved its lines: look back further from now on. */
  moved: boolean;
  /** The page was full: more lines may be waiting. */
  full: boolean;
}

const pageLines = 1000;
/** How far back the next read begins once the source has begun to move its lines. */
const movedLookback = 500;
/** Reaches over the 10,000 lines that the existing servers keep; after it only the beginning is tried. */
const maxSteps = 12;

/**
 * Reads on after a position in a log that keeps its newest lines only, so that a line's number falls
 * when lines are dropped. Each read begins before the position, at the lines captured last (the
 * anchor). Where they are not at their place they are looked for further back, page by page: lines
 * only ever move towards the beginning, so they cannot slip past the search. Where they are nowhere,
 * everything that the source still holds is newer.
 */
export async function readOn(
  log: Pages,
  from: Position,
  options: { moved: boolean },
): Promise<Stretch> {
  const lookback = options.moved ? movedLookback : from.anchor.length;
  let start = Math.max(0, from.at - lookback);
  for (let step = 1; ; step += 1) {
    const page = await log.page({ offset: start, limit: pageLines });
    const marks = page.map(markOf);
    const after = endOfAnchor(marks, from.anchor, from.at - start);
    const lost = after === null && start === 0 && page.length > 0;
    if (after !== null || lost) {
      const next = after ?? 0;
      return {
        lines: page.slice(next),
        position: { at: start + page.length, anchor: anchorAfter(from.anchor, marks.slice(next)) },
        lost,
        moved: options.moved || lost || start + next !== from.at,
        full: page.length >= pageLines,
      };
    }
    if (start === 0) return { lines: [], position: from, lost, moved: options.moved, full: false };
    start = step < maxSteps ? Math.max(0, start - pageLines + from.anchor.length) : 0;
  }
}

/** The index after the anchor: at `expected`, else at the nearest place before it; null where it is not. */
function endOfAnchor(
  marks: readonly string[],
  anchor: readonly string[],
  expected: number,
): number | null {
  for (let end = Math.min(expected, marks.length); end >= anchor.length; end -= 1) {
    if (anchor.every((mark, index) => marks[end - anchor.length + index] === mark)) return end;
  }
  return null;
}

function anchorAfter(anchor: readonly string[], marks: readonly string[]): readonly string[] {
  return [...anchor, ...marks].slice(-anchorLines);
}
