import { maxLineBytes } from '../core/log.ts';
import { LineSplitter } from './split.ts';

/** The marks of a split line come on top of its bytes. */
const maxMarkedBytes = maxLineBytes + 64;
/** A line break, a NUL, or a carriage return that is not the last character. */
const unclean = /[\n\0]|\r(?!$)/;

/** True where the entry of a provider's log can be kept as it is. */
export function isLine(entry: string): boolean {
  if (unclean.test(entry) || !entry.isWellFormed()) return false;
  return entry.length * 3 <= maxMarkedBytes || Buffer.byteLength(entry) <= maxMarkedBytes;
}

/**
 * The lines of one entry of a provider's log: the entry itself, or where it is no line (it holds a
 * line break or is too long) several, as if its bytes had been read here.
 */
export function linesOf(entry: string): string[] {
  if (isLine(entry)) return [entry];
  const lines: string[] = [];
  const splitter = new LineSplitter();
  splitter.push(Buffer.from(entry), (text) => lines.push(text));
  splitter.end((text) => lines.push(text));
  return lines;
}
