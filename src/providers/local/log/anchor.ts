import { anchorOf, markOf, type Position } from './cursor.ts';

export interface Pages {
  /** Up to `limit` lines from position `offset` on, fewer where the log ends. */
  page(range: { offset: number; limit: number }): Promise<readonly string[]>;
}

export interface Stretch {
  /** The lines after the position that was asked for. */
  lines: readonly string[];
  position: Position;
  /** The source has dropped lines up to the place, or a part of the anchor: lines before these may be lost. */
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
  const { at, anchor } = from;
  let start = Math.max(0, at - (options.moved ? movedLookback : anchor.length));
  for (let step = 1; ; step += 1) {
    const page = await log.page({ offset: start, limit: pageLines });
    const marks = page.map(markOf);
    const end = endOfAnchor(marks, anchor, { expected: at - start, isBeginning: start === 0 });
    if (end !== null && start + page.length > 0) {
      const lost = start === 0 && end < anchor.length;
      return {
        lines: page.slice(end),
        position: { at: start + page.length, anchor: anchorOf(marks) },
        lost,
        moved: options.moved || start + end !== at,
        full: page.length >= pageLines,
      };
    }
    if (start === 0) {
      return { lines: [], position: from, lost: false, moved: options.moved, full: false };
    }
    start = step < maxSteps ? Math.max(0, start - pageLines + anchor.length) : 0;
  }
}

/**
 * The index after the anchor: at `expected`, else at the nearest place before it. At the beginning
 * of the log its first lines may be gone, or all of them; elsewhere it is whole, or null.
 */
function endOfAnchor(
  marks: readonly string[],
  anchor: readonly string[],
  options: { expected: number; isBeginning: boolean },
): number | null {
  const least = options.isBeginning ? 0 : anchor.length;
  for (let end = Math.min(options.expected, marks.length); end >= least; end -= 1) {
    const count = Math.min(end, anchor.length);
    const there = anchor.slice(anchor.length - count);
    if (there.every((mark, index) => marks[end - count + index] === mark)) return end;
  }
  return null;
}
