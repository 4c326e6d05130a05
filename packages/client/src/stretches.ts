/** A page of a log. It holds `lines` or `entries`, and `gaps` only where they were selected. */
export interface LogPart {
  readonly offset: number;
  readonly nextOffset: number;
  readonly lines?: readonly string[];
  readonly entries?: readonly { readonly offset: number; readonly text?: string }[];
  readonly gaps?: readonly { readonly offset: number; readonly reason?: string }[];
}

/** Pages that follow each other: each begins where the one before it ends. A stretch is never empty. */
export type Stretch<Part extends LogPart> = readonly Part[];

/** The most stretches of one log that are kept. Each is a part of the log that a reader looks at. */
const maxStretches = 8;

/**
 * Adds a page to the stretches of a log. It is joined to the stretches that it touches, and the result comes first.
 * Where they overlap, the new page wins. A stretch of more than `maxLines` loses whole pages at its longer side. Of
 * more than 8 stretches, those are dropped that were joined longest ago. Changes nothing in place.
 */
export function insertPart<Part extends LogPart>(
  stretches: readonly Stretch<Part>[],
  part: Part,
  maxLines: number,
): Stretch<Part>[] {
  const touched = stretches.filter((stretch) => touches(stretch, part));
  const others = stretches.filter((stretch) => !touched.includes(stretch));
  const isEmpty = part.offset === part.nextOffset;
  if (isEmpty && touched.length > 0) return [...touched, ...others];
  const parts = touched.flat().sort((a, b) => a.offset - b.offset);
  const before = endingAt(
    parts.flatMap((known) => cut(known, 0, part.offset)),
    part.offset,
  );
  const after = startingAt(
    parts.flatMap((known) => cut(known, part.nextOffset, Number.POSITIVE_INFINITY)),
    part.nextOffset,
  );
  return [trim({ before, part, after, maxLines }), ...others].slice(0, maxStretches);
}

/** The stretch that holds the line with this number, or ends right before it; null where there is none. */
export function findStretch<Part extends LogPart>(
  stretches: readonly Stretch<Part>[],
  offset: number,
): Stretch<Part> | null {
  return stretches.find((stretch) => touches(stretch, { offset, nextOffset: offset })) ?? null;
}

/** Where a stretch begins, and where it continues. */
export function rangeOf(stretch: Stretch<LogPart>): { offset: number; nextOffset: number } {
  return { offset: stretch[0]?.offset ?? 0, nextOffset: stretch.at(-1)?.nextOffset ?? 0 };
}

/** The gaps of a stretch. A gap between two pages, which both report, comes once. */
export function gapsOf<Gap extends { offset: number; reason?: string }>(
  stretch: readonly { readonly gaps?: readonly Gap[] }[],
): Gap[] {
  const known = new Map<string, Gap>();
  for (const { gaps = [] } of stretch) {
    for (const gap of gaps) known.set(`${gap.offset} ${gap.reason}`, gap);
  }
  return [...known.values()];
}

function touches(stretch: Stretch<LogPart>, part: LogPart): boolean {
  const { offset, nextOffset } = rangeOf(stretch);
  return offset <= part.nextOffset && part.offset <= nextOffset;
}

/**
 * The part of a page with `from <= number < to`, if there is any. Filtered `lines` have no known numbers, so such a
 * page is kept whole or dropped.
 */
function cut<Part extends LogPart>(part: Part, from: number, to: number): Part[] {
  const offset = Math.max(part.offset, from);
  const nextOffset = Math.min(part.nextOffset, to);
  if (offset >= nextOffset) return [];
  if (offset === part.offset && nextOffset === part.nextOffset) return [part];
  const { lines, entries } = part;
  const gaps = part.gaps?.filter((gap) => gap.offset >= offset && gap.offset <= nextOffset);
  if (entries) {
    const kept = entries.filter((line) => line.offset >= offset && line.offset < nextOffset);
    return [{ ...part, offset, nextOffset, gaps, entries: kept }];
  }
  if (lines?.length !== part.nextOffset - part.offset) return [];
  const kept = lines.slice(offset - part.offset, nextOffset - part.offset);
  return [{ ...part, offset, nextOffset, gaps, lines: kept }];
}

function endingAt<Part extends LogPart>(parts: readonly Part[], offset: number): Part[] {
  let at = offset;
  let first = parts.length;
  while (parts[first - 1]?.nextOffset === at) {
    first -= 1;
    at = parts[first]?.offset ?? at;
  }
  return parts.slice(first);
}

function startingAt<Part extends LogPart>(parts: readonly Part[], offset: number): Part[] {
  let at = offset;
  let end = 0;
  while (parts[end]?.offset === at) {
    at = parts[end]?.nextOffset ?? at;
    end += 1;
  }
  return parts.slice(0, end);
}

/** Drops whole pages at the longer side until at most `maxLines` are left, or only the new page. */
function trim<Part extends LogPart>(options: {
  before: Part[];
  part: Part;
  after: Part[];
  maxLines: number;
}): Stretch<Part> {
  const { before, part, after } = options;
  const room = Math.max(0, options.maxLines - weigh([part]));
  let weightBefore = weigh(before);
  let weightAfter = weigh(after);
  let first = 0;
  let end = after.length;
  while (weightBefore + weightAfter > room) {
    if (weightBefore >= weightAfter) {
      weightBefore -= weigh(before.slice(first, first + 1));
      first += 1;
    } else {
      end -= 1;
      weightAfter -= weigh(after.slice(end, end + 1));
    }
  }
  return [...before.slice(first), part, ...after.slice(0, end)];
}

/** The number of lines in these pages. A page without lines counts as one. */
function weigh(parts: readonly LogPart[]): number {
  return parts.reduce(
    (sum, part) => sum + Math.max(1, (part.lines ?? part.entries ?? []).length),
    0,
  );
}
