import { maxLineBytes } from '../../core/log.ts';
import type { LogBatch } from '../../core/provider.ts';
import { LineSplitter } from '../../lines/split.ts';

/** The marks of a split line come on top of its bytes. */
const maxMarkedBytes = maxLineBytes + 64;
/** A line break, a NUL, or a carriage return that is not the last character. */
const unclean = /[\n\0]|\r(?!$)/;

/**
 * A batch of lines that were captured at one time. Entries of a log are lines already; one that is not
 * (it holds a line break or is too long) becomes several, as if its bytes had been read here.
 */
export function batchOf(entries: readonly string[], time: number, cursor: string): LogBatch {
  const texts = entries.every(isLine) ? [...entries] : entries.flatMap(toLines);
  const runs = texts.length === 0 ? [] : [{ count: texts.length, time, source: null }];
  return { texts, runs, cursor };
}

function isLine(entry: string): boolean {
  if (unclean.test(entry) || !entry.isWellFormed()) return false;
  return entry.length * 3 <= maxMarkedBytes || Buffer.byteLength(entry) <= maxMarkedBytes;
}

function toLines(entry: string): string[] {
  if (isLine(entry)) return [entry];
  const lines: string[] = [];
  const splitter = new LineSplitter();
  splitter.push(Buffer.from(entry), (text) => lines.push(text));
  splitter.end((text) => lines.push(text));
  return lines;
}
