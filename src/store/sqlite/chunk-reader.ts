import { LRUCache } from 'lru-cache';
import type { PlacedBlock } from '../../core/log.ts';
import { isRaw, runsOf, textOf } from '../chunk.ts';
import { splitLines } from '../line-text.ts';
import { extendRuns, sliceRuns } from '../runs.ts';
import type { LogShape } from './log-shape.ts';
import type { PlacedChunk } from './placed-chunk.ts';
import type { SoundRows } from './sound-rows.ts';

/** The most text that is kept decoded. */
const decodedBytes = 4 * 1024 * 1024;

/** Reads lines out of the chunks of a SQLite store; of damaged ones none. */
export class ChunkReader {
  readonly #rows: SoundRows;
  /** Compressed chunks never change: many readers of the same stretch share the work. */
  readonly #decoded = new LRUCache<string, Buffer>({
    maxSize: decodedBytes,
    // A small one may be part of a larger piece of memory, which it keeps alive.
    sizeCalculation: (text) => text.buffer.byteLength + 256,
  });

  constructor(rows: SoundRows) {
    this.#rows = rows;
  }

  /** Lines from `offset` on, as `LogStore.read` promises; all from one moment of the log. */
  page(jobId: string, options: { offset: number; limit: number; maxChars: number }): PlacedBlock {
    return (
      this.#rows.atOneMoment(jobId, (log) => this.#page(log, options)) ?? emptyPage(options.offset)
    );
  }

  #page(log: LogShape, options: { offset: number; limit: number; maxChars: number }): PlacedBlock {
    const page = emptyPage(options.offset);
    const end = Math.min(options.offset + options.limit, log.total);
    if (end <= options.offset) return this.#rows.endOf(log, page);
    const { seq } = log;
    let room = options.maxChars;
    let next = options.offset;
    for (const chunk of this.#rows.from(log, { next, end })) {
      const from = next - chunk.first;
      const to = Math.min(end - chunk.first, chunk.count);
      const lines = splitLines(this.#textOf(seq, chunk), from, to);
      const fitting = countFitting(lines, room, page.lines.length === 0);
      for (let index = 0; index < fitting; index++) {
        const line = lines[index] ?? '';
        page.lines.push(line);
        room -= line.length;
      }
      extendRuns(page.runs, sliceRuns(runsOf(chunk), from, from + fitting));
      next += fitting;
      if (fitting < to - from) return page;
    }
    if (page.lines.length === 0) throw this.#rows.damageFrom(log, next);
    return page;
  }

  #textOf(seq: number, chunk: PlacedChunk): Buffer {
    // Raw rows come and go, and cost little.
    if (isRaw(chunk)) return chunk.text;
    const key = `${seq} ${chunk.first}`;
    const known = this.#decoded.get(key);
    if (known !== undefined) return known;
    const text = textOf(chunk);
    this.#decoded.set(key, text);
    return text;
  }
}

function countFitting(lines: readonly string[], room: number, isFirst: boolean): number {
  let left = room;
  for (const [index, line] of lines.entries()) {
    left -= line.length;
    if (left < 0 && !(isFirst && index === 0)) return index;
  }
  return lines.length;
}

function emptyPage(first: number): PlacedBlock {
  return { first, lines: [], runs: [] };
}
