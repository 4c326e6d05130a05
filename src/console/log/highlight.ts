import { textOf } from './row-elements.ts';

/** The most matches that are painted at a time. */
const maxPainted = 2_000;

/** Paints what an expression matches in the rows, without changing them; nothing where it is null. */
export function paintMatches(rows: Iterable<Element>, expression: RegExp | null): void {
  if (!('highlights' in CSS)) return;
  const ranges = expression ? [...rows].flatMap((row) => matchesIn(row, expression)) : [];
  if (ranges.length === 0) CSS.highlights.delete('match');
  else CSS.highlights.set('match', new Highlight(...ranges.slice(0, maxPainted)));
}

function matchesIn(row: Element, expression: RegExp): Range[] {
  const element = textOf(row);
  const ranges: Range[] = [];
  for (const match of element?.textContent.matchAll(expression) ?? []) {
    if (!match[0]) break;
    const range = element && rangeIn(element, match.index, match.index + match[0].length);
    if (range) ranges.push(range);
    if (ranges.length > maxPainted) break;
  }
  return ranges;
}

/** The range of some characters of an element's text, which may lie in several nodes. */
function rangeIn(element: Element, from: number, to: number): Range | null {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let at = 0;
  let hasBegun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.textContent?.length ?? 0;
    if (!hasBegun && from < at + length) {
      range.setStart(node, from - at);
      hasBegun = true;
    }
    if (hasBegun && to <= at + length) {
      range.setEnd(node, to - at);
      return range;
    }
    at += length;
  }
  return null;
}
