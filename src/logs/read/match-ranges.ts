import type { RE2JS } from 're2js';

/** A part of a text, in UTF-16 units: from `start` up to, not including, `end`. */
export interface TextRange {
  start: number;
  end: number;
}

/** No more parts of a line are told. */
const maxRanges = 100;
/** An expression may match nothing at all, and everywhere. */
const maxTries = 1000;

/** Where a text holds another one, and where an expression matches it: in order, joined where they touch, at most 100. */
export function rangesOf(
  text: string,
  { contains, regex }: { contains: string | null; regex: RE2JS | null },
): TextRange[] {
  const ranges: TextRange[] = [];
  if (contains) {
    let start = text.indexOf(contains);
    while (start !== -1 && ranges.length < maxRanges) {
      ranges.push({ start, end: start + contains.length });
      start = text.indexOf(contains, start + contains.length);
    }
  }
  const matcher = regex?.matcher(text);
  for (let tries = 0; tries < maxTries && matcher?.find(); tries += 1) {
    if (matcher.end() > matcher.start())
      ranges.push({ start: matcher.start(), end: matcher.end() });
    if (ranges.length === 2 * maxRanges) break;
  }
  return joined(ranges).slice(0, maxRanges);
}

function joined(ranges: readonly TextRange[]): TextRange[] {
  const all: TextRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else all.push({ ...range });
  }
  return all;
}
