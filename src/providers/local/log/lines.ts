import type { LogBatch } from '../../../core/provider.ts';
import { isLine, linesOf } from '../../../lines/entry.ts';

/** A batch of lines that were captured at one time. An entry that holds line ends becomes several lines. */
export function batchOf(entries: readonly string[], time: number, cursor: string): LogBatch {
  const texts = entries.every(isLine) ? [...entries] : entries.flatMap(linesOf);
  const runs = texts.length === 0 ? [] : [{ count: texts.length, time, source: null }];
  return { lines: texts, runs, cursor };
}
