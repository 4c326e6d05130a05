import type { LineRange } from './row-elements.ts';

/** The lines that an address ends in: `#L5` or `#L5-L9`. */
export function parseLineLink(hash: string): LineRange | null {
  const [, from, to] = /^#L(\d{1,10})(?:-L(\d{1,10}))?$/.exec(hash) ?? [];
  if (from === undefined) return null;
  const ends = [Number(from), Number(to ?? from)] as const;
  return [Math.min(...ends), Math.max(...ends)];
}

export function lineLink([first, last]: LineRange): string {
  return first === last ? `#L${first}` : `#L${first}-L${last}`;
}
