import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { PlacedBlock } from '../../core/log.ts';
import type { ScanStretch } from '../../core/store.ts';
import { isRaw, runsOf, textOf } from '../chunk.ts';
import { damagedEnd, damagedLines } from '../damage.ts';
import { splitLines } from '../line-text.ts';
import { extendRuns, sliceRuns } from '../runs.ts';
import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';
import { LogRows } from './log-rows.ts';
import { type LogShape, LogShapes } from './log-shape.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** A scan lets others go on after this long. */
const turnMs = 4;
/** Chunks that a scan takes from the database at a time. */
const chunksPerFetch = 8;

/** The most text that is kept decoded. */
const decodedBytes = 4 * 1024 * 1024;

/** Reads lines out of the chunks of a SQLite store; of damaged ones none. */
export class ChunkReader {
  readonly #connection: Connection;
  readonly #shapes: LogShapes;
  readonly #rows: LogRows;
  /** Compressed chunks never change: many readers of the same stretch share the work. */
  readonly #decoded = new LRUCache<string, Buffer>({
    maxSize: decodedBytes,
    // A small one may be part of a larger piece of memory, which it keeps alive.
    sizeCalculation: (text) => text.buffer.byteLength + 256,
  });

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#shapes = new LogShapes(connection);
    this.#rows = new LogRows(connection);
  }

  /** Lines from `offset` on, as `LogStore.read` promises; all from one moment of the log. */
  page(jobId: string, options: { offset: number; limit: number; maxChars: number }): PlacedBlock {
    return this.#atOneMoment(jobId, (log) => this.#page(log, options)) ?? emptyPage(options.offset);
  }

  /** What `read` returns; undefined where there is no such job. Within one transaction: another server may move rows. */
  #atOneMoment<T>(jobId: string, read: (log: LogShape) => T): T | undefined {
    return this.#connection.db.transaction(() => {
      const log = this.#shapes.of(jobId);
      return log && read(log);
    })();
  }

  #page(log: LogShape, options: { offset: number; limit: number; maxChars: number }): PlacedBlock {
    const page = emptyPage(options.offset);
    const end = Math.min(options.offset + options.limit, log.total);
    if (end <= options.offset) return endOf(log, page);
    const { seq } = log;
    let room = options.maxChars;
    let next = options.offset;
    for (const chunk of this.#sound(log, { next, end })) {
      const from = next - chunk.first;
      const to = Math.min(end - chunk.first, chunk.count);
      const lines = splitLines(this.#textOf(seq, chunk), from, to);
      const fitting = countFitting(lines, room, page.texts.length === 0);
      for (let index = 0; index < fitting; index++) {
        const line = lines[index] ?? '';
        page.texts.push(line);
        room -= line.length;
      }
      extendRuns(page.runs, sliceRuns(runsOf(chunk), from, from + fitting));
      next += fitting;
      if (fitting < to - from) return page;
    }
    if (page.texts.length === 0) throw this.#damage(log, next);
    return page;
  }

  /** The chunks that hold the lines from `next` up to `end`, in order; ends before one that is damaged or missing. */
  *#sound(
    log: LogShape,
    { next, end }: { next: number; end: number },
  ): Generator<PlacedChunk, void, undefined> {
    let line = next;
    try {
      for (const chunk of this.#rows.span(log, { line, end })) {
        if (!holds(chunk, line) || !isSound(log.jobId, chunk)) return;
        yield chunk;
        line = chunk.first + chunk.count;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }

  /** The error for the lines from `from` on: up to where the next stored lines begin. */
  #damage(log: LogShape, from: number): Error {
    const { jobId, total } = log;
    let to = total;
    let cause: unknown;
    try {
      to = this.#rows.nextFirst(log, from) ?? total;
    } catch (error) {
      if (!isDamage(error)) throw error;
      cause = error;
    }
    return damagedLines({ jobId, from, to: Math.max(from + 1, Math.min(to, total)) }, cause);
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

  /** The chunks from the line `from` on, as `LogStore.scan` promises. Keeps nothing open between two stretches. */
  async *scan(
    jobId: string,
    options: { from: number; maybe?: (text: Buffer) => boolean; signal?: AbortSignal },
  ): AsyncGenerator<ScanStretch, void, undefined> {
    const { maybe, signal } = options;
    let next = options.from;
    let turnEndsAt = performance.now() + turnMs;
    for (;;) {
      signal?.throwIfAborted();
      // Looked up by line number each time: meanwhile raw rows may have become one chunk.
      const chunks = await this.#connection.read(() =>
        this.#atOneMoment(jobId, (log) => this.#fetch(log, next)),
      );
      if (chunks === undefined || chunks.length === 0) return;
      for (const chunk of chunks) {
        const skipped = next - chunk.first;
        yield {
          first: next,
          count: chunk.count - skipped,
          block: blockOf(chunk, skipped, maybe),
        };
        next = chunk.first + chunk.count;
        if (performance.now() >= turnEndsAt) {
          await nextTurn();
          signal?.throwIfAborted();
          turnEndsAt = performance.now() + turnMs;
        }
      }
    }
  }

  /** Some sound chunks from the line `next` on; none at the end of the log. */
  #fetch(log: LogShape, next: number): PlacedChunk[] {
    if (next >= log.total) return endOf(log, []);
    const chunks: PlacedChunk[] = [];
    for (const chunk of this.#sound(log, { next, end: log.total })) {
      chunks.push(chunk);
      if (chunks.length === chunksPerFetch) return chunks;
    }
    if (chunks.length === 0) throw this.#damage(log, next);
    return chunks;
  }
}

function holds(chunk: PlacedChunk, line: number): boolean {
  return chunk.first <= line && line < chunk.first + chunk.count;
}

function countFitting(lines: readonly string[], room: number, isFirst: boolean): number {
  let left = room;
  for (const [index, line] of lines.entries()) {
    left -= line.length;
    if (left < 0 && !(isFirst && index === 0)) return index;
  }
  return lines.length;
}

function blockOf(
  chunk: PlacedChunk,
  skipped: number,
  maybe: ((text: Buffer) => boolean) | undefined,
): PlacedBlock | null {
  const text = textOf(chunk);
  if (maybe !== undefined && !maybe(text)) return null;
  return {
    first: chunk.first + skipped,
    texts: splitLines(text, skipped, chunk.count),
    runs: sliceRuns(runsOf(chunk), skipped, chunk.count),
  };
}

/** `nothing`, for a reader who is behind the last line of a log; an error where nothing proves that it is the last one. */
function endOf<T>({ jobId, total, isProven }: LogShape, nothing: T): T {
  if (isProven) return nothing;
  throw damagedEnd(jobId, total);
}

function emptyPage(first: number): PlacedBlock {
  return { first, texts: [], runs: [] };
}
