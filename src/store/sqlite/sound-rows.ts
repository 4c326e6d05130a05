import { damagedEnd, damagedLines } from '../damage.ts';
import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';
import { LogRows } from './log-rows.ts';
import { type LogShape, LogShapes } from './log-shape.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** Reads the rows of logs, each of one moment, and of damaged rows none. */
export class SoundRows {
  readonly #connection: Connection;
  readonly #shapes: LogShapes;
  readonly #rows: LogRows;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#shapes = new LogShapes(connection);
    this.#rows = new LogRows(connection);
  }

  /** What `read` returns; undefined where there is no such job. Within one transaction: another server may move rows. */
  atOneMoment<T>(jobId: string, read: (log: LogShape) => T): T | undefined {
    return this.#connection.db.transaction(() => {
      const log = this.#shapes.of(jobId);
      return log && read(log);
    })();
  }

  /** The rows that hold the lines from `next` up to `end`, in order; ends before one that is damaged or missing. */
  *from(
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

  /** The rows that hold the lines before `end`, the last one first; ends behind one that is damaged or missing. */
  *before(log: LogShape, end: number): Generator<PlacedChunk, void, undefined> {
    let line = end - 1;
    try {
      for (const chunk of this.#rows.back(log, end)) {
        if (!holds(chunk, line) || !isSound(log.jobId, chunk)) return;
        yield chunk;
        line = chunk.first - 1;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }

  /** `nothing`, for a reader who is behind the last line; an error where nothing proves that it is the last one. */
  endOf<T>({ jobId, total, isProven }: LogShape, nothing: T): T {
    if (isProven) return nothing;
    throw damagedEnd(jobId, total);
  }

  /** The error for the lines from `from` on: up to where the next stored lines begin. */
  damageFrom(log: LogShape, from: number): Error {
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

  /** The error for the lines before `end`: back to where the row begins that should hold them. */
  damageBefore(log: LogShape, end: number): Error {
    const { jobId } = log;
    let from = 0;
    let cause: unknown;
    try {
      const row = this.#rows.at(log, end - 1);
      if (row !== undefined) {
        const rowEnd = row.first + row.count;
        from = rowEnd < end && isSound(jobId, row) ? rowEnd : row.first;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      cause = error;
    }
    return damagedLines({ jobId, from: Math.max(0, Math.min(from, end - 1)), to: end }, cause);
  }
}

function holds(chunk: PlacedChunk, line: number): boolean {
  return chunk.first <= line && line < chunk.first + chunk.count;
}
