import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { PlacedBlock } from '../../core/log.ts';
import type { ScanStretch } from '../../core/store.ts';
import { type Chunk, isRaw, runsOf, textOf } from '../chunk.ts';
import { splitLines } from '../line-text.ts';
import { extendRuns, sliceRuns } from '../runs.ts';
import type { Connection } from './connection.ts';

/** A scan lets others go on after this long. */
const turnMs = 4;
/** Chunks that a scan takes from the database at a time. */
const chunksPerFetch = 8;

/** The most text that is kept decoded. */
const decodedBytes = 4 * 1024 * 1024;

interface PlacedChunk extends Chunk {
  first: number;
}

/** Reads lines out of the chunks of a SQLite store. */
export class ChunkReader {
  readonly #connection: Connection;
  readonly #sql: ReturnType<typeof prepare>;
  /** Compressed chunks never change: many readers of the same stretch share the work. */
  readonly #decoded = new LRUCache<string, Buffer>({
    maxSize: decodedBytes,
    // A small one may be part of a larger piece of memory, which it keeps alive.
    sizeCalculation: (text) => text.buffer.byteLength + 256,
  });

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepare(connection);
  }

  /** Lines from `offset` on, as `LogStore.read` promises; all from one moment of the log. */
  page(jobId: string, options: { offset: number; limit: number; maxChars: number }): PlacedBlock {
    const page: PlacedBlock = { first: options.offset, texts: [], runs: [] };
    const seq = this.#sql.seq.get(jobId);
    if (seq === undefined || options.limit < 1) return page;
    const end = options.offset + options.limit;
    let room = options.maxChars;
    for (const chunk of this.#sql.span.iterate({ seq, line: options.offset, end: end - 1 })) {
      const from = options.offset + page.texts.length - chunk.first;
      const to = Math.min(end - chunk.first, chunk.count);
      const lines = splitLines(this.#textOf(seq, chunk), from, to);
      const fitting = countFitting(lines, room, page.texts.length === 0);
      for (let index = 0; index < fitting; index++) {
        const line = lines[index] ?? '';
        page.texts.push(line);
        room -= line.length;
      }
      extendRuns(page.runs, sliceRuns(runsOf(chunk), from, from + fitting));
      if (fitting < to - from) break;
    }
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

  /** The chunks from the line `from` on, as `LogStore.scan` promises. Keeps nothing open between two stretches. */
  async *scan(
    jobId: string,
    options: { from: number; maybe?: (text: Buffer) => boolean; signal?: AbortSignal },
  ): AsyncGenerator<ScanStretch, void, undefined> {
    const { maybe, signal } = options;
    const seq = await this.#connection.read(() => this.#sql.seq.get(jobId));
    if (seq === undefined) return;
    let next = options.from;
    let turnEndsAt = performance.now() + turnMs;
    for (;;) {
      signal?.throwIfAborted();
      // Looked up by line number each time: meanwhile raw rows may have become one chunk.
      const chunks = await this.#connection.read(() =>
        this.#sql.fetch.all({ seq, line: next, limit: chunksPerFetch }),
      );
      if (chunks.length === 0) return;
      for (const chunk of chunks) {
        const skipped = next - chunk.first;
        const count = chunk.count - skipped;
        // A hole: the job is being deleted.
        if (skipped < 0 || count <= 0) return;
        yield { first: next, count, block: blockOf(chunk, skipped, maybe) };
        next += count;
        if (performance.now() >= turnEndsAt) {
          await nextTurn();
          signal?.throwIfAborted();
          turnEndsAt = performance.now() + turnMs;
        }
      }
    }
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

interface Place {
  seq: number;
  line: number;
}

function prepare({ db }: Connection) {
  // The chunk that holds a line is the last one that begins at or before it.
  const from = `
    SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text FROM chunks
    WHERE id >= (SELECT max(id) FROM chunks WHERE id BETWEEN @seq << 32 AND (@seq << 32) | @line)`;
  return {
    seq: db.prepare<[string], number>('SELECT seq FROM jobs WHERE id = ?').pluck(),
    span: db.prepare<Place & { end: number }, PlacedChunk>(
      `${from} AND id <= (@seq << 32) | @end ORDER BY id`,
    ),
    fetch: db.prepare<Place & { limit: number }, PlacedChunk>(
      `${from} AND id < (@seq + 1) << 32 ORDER BY id LIMIT @limit`,
    ),
  };
}
