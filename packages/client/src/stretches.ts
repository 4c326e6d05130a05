/** What places a page in its log. A page holds `lines` or `entries`; `gaps` only where they were asked for. */
export interface LogPart {
  readonly offset: number;
  readonly nextOffset: number;
  readonly lines?: readonly string[];
  readonly entries?: readonly { readonly offset: number; readonly text?: string }[];
  readonly gaps?: readonly { readonly offset: number; readonly reason?: string }[];
}

/** Pages that follow each other: each begins where the one before it ends. Never empty. */
export type Stretch<Part extends LogPart> = readonly Part[];

/** The most stretches of one log that are kept: places where readers are. */
const maxStretches = 8;

/**
 * The stretches of a log with one more page: joined to those it touches, which then come first; where it
 * overlaps, the new page wins. A stretch of more than `maxLines` loses whole pages at its longer side; of
 * too many stretches, those go that were joined longest ago. Changes nothing in place.
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

/** The stretch that holds this line, or would hold it next. */
export function findStretch<Part extends LogPart>(
  stretches: readonly Stretch<Part>[],
  offset: number,
): Stretch<Part> | null {
  return stretches.find((stretch) => touches(stretch, { offset, nextOffset: offset })) ?? null;
}

/** Where a stretch begins and ends. */
export function placeOf(stretch: Stretch<LogPart>): { offset: number; nextOffset: number } {
  return { offset: stretch[0]?.offset ?? 0, nextOffset: stretch.at(-1)?.nextOffset ?? 0 };
}

/** The gaps of a stretch: one between two pages is told by both. */
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
  const { offset, nextOffset } = placeOf(stretch);
  return offset <= part.nextOffset && part.offset <= nextOffset;
}

/** A page's lines with `from <= number < to`, if there are any; filtered text does not say its numbers, so it goes whole. */
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

/** Drops whole pages at the longer side until at most `maxLines` are left, or the new page alone. */
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

/** In lines; a page without any counts as one. */
function weigh(parts: readonly LogPart[]): number {
  return parts.reduce(
    (sum, part) => sum + Math.max(1, (part.lines ?? part.entries ?? []).length),
    0,
  );
}
