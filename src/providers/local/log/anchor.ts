import { anchorOf, markOf, type Position } from './cursor.ts';

/** A log that can be read by page. */
export interface Pages {
  /** Up to `limit` lines from position `offset` on, fewer where the log ends. */
  page(range: { offset: number; limit: number }): Promise<readonly string[]>;
}

/** What one read found. */
export interface Stretch {
  /** The lines after the position that was asked for. */
  lines: readonly string[];
  /** The position after these lines. */
  position: Position;
  /** True where the source has dropped a part of the anchor or all of it, so that lines before these may be lost. */
  lost: boolean;
  /** True where the source has moved its lines; the next read must then begin further back. */
  moved: boolean;
  /** True for a full page, after which more lines may be waiting. */
  full: boolean;
}

const pageLines = 1000;
/** How many lines before the position a read begins, once the source has begun to move its lines. */
const movedLookback = 500;
/** Enough steps back for the 10,000 lines that the existing servers keep. After them only the beginning is tried. */
const maxSteps = 12;

/**
 * Reads a log on from a position, where the source keeps only the newest lines and renumbers them when it drops
 * old ones. Each read begins with the lines that were captured last (the anchor). If they are not where they were,
 * they are looked for further back, page by page. Lines only ever move towards the beginning, so they cannot slip
 * past this search. If they are nowhere, everything that the source still holds is newer.
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
 * The index after the anchor: `expected`, or else the nearest index before it; null where the anchor is not in the
 * page. At the beginning of the log some or all of the anchor's lines may be gone; elsewhere it must be whole.
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
