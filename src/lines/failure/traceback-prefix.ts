import type { LogLines } from './log-lines.ts';

/** A line of one traceback without what stands before it; null for a line of somebody else. */
export type Strip = (line: string) => string | null;

const head = 'Traceback (most recent call last)';
const maxPrefixChars = 160;
/** In so many lines one process of many writes again. */
const reach = 64;

/** What stands before "Traceback" on its line; null where the line is no head of a traceback. */
export function headOf(line: string): string | null {
  const start = line.indexOf(head);
  // Within a record of JSON, or in a sentence about it, a text goes on differently.
  if (start === -1 || !/^[:\s─╮]*$/.test(line.slice(start + head.length))) return null;
  return line.slice(0, start);
}

/**
 * Takes off what the lines of the traceback that begins here have in common: the rank, the
 * launcher's name, the time, which may differ from line to line.
 */
export function stripperAt(lines: LogLines, at: number): Strip {
  const before = (headOf(lines.at(at)) ?? '')
    .replace(/(?:Original |"+)$/, '')
    .replace(/\+ Exception Group $/, '| ')
    .replace(/\s*╭─* $/, '')
    .replace(/^\s*traceback : $/, '');
  if (before.trim() === '' || before.length > maxPrefixChars) return (line) => line;
  const pattern = new RegExp(
    `^${before
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\d+([:-])\d\d\1\d\d(?:(\\\.|,)\d+)?/g, '\\d+$1\\d\\d$1\\d\\d(?:[.,]\\d+)?')
      .replace(/ $/, ' ?')}`,
  );
  const strip: Strip = (line) => {
    const match = pattern.exec(line);
    return match === null ? null : line.slice(match[0].length);
  };
  for (let next = at + 1; next <= at + reach; next++) {
    const text = strip(lines.at(next));
    if (text !== null && /^\s*(?:(?:> )?File "|[│|])|^ {2,}\S|^[\w.]+:/.test(text)) return strip;
  }
  return (line) => line;
}
