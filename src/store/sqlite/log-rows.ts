import type { Connection } from './connection.ts';
import { Journal } from './journal.ts';
import type { LogShape } from './log-shape.ts';
import type { PlacedChunk } from './placed-chunk.ts';

/** Finds the rows of a log, wherever they lie, within one transaction; sound or not. */
export class LogRows {
  readonly #journal: Journal;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#journal = new Journal(connection);
    this.#sql = prepare(connection);
  }

  /** The rows that hold the lines from `line` up to `end`, in order, as far as there are any. */
  *span(log: LogShape, { line, end }: { line: number; end: number }): Generator<PlacedChunk> {
    const { seq, journal, single_first } = log;
    if (journal === null || line < single_first) {
      yield* this.#sql.span.iterate({ seq, line, end: end - 1 });
    }
    if (journal === null || end <= single_first) return;
    for (const row of this.#journal.rowsFrom(journal, { jobId: log.jobId, line })) {
      if (row.first < end) yield row;
    }
  }

  /** The rows that hold lines before `end`, the last one first. */
  *back(log: LogShape, end: number): Generator<PlacedChunk> {
    const { seq, journal, single_first } = log;
    if (journal !== null && end > single_first) {
      for (const row of this.#journal.rows(journal).reverse()) if (row.first < end) yield row;
    }
    yield* this.#sql.back.iterate({ seq, line: end - 1 });
  }

  /** Where the first row begins that begins behind a line; null where none does. */
  nextFirst({ seq, journal }: LogShape, line: number): number | null {
    const first = this.#sql.nextFirst.get({ seq, line }) ?? null;
    if (first !== null || journal === null) return first;
    const firsts = this.#journal.rows(journal).map((row) => row.first);
    return firsts.filter((other) => other > line).toSorted((a, b) => a - b)[0] ?? null;
  }

  /** The last row that begins at or before a line; with its id in the journal, where it lies there. */
  at(log: LogShape, line: number): (PlacedChunk & { id?: number }) | undefined {
    const { seq, journal, single_first } = log;
    if (journal === null || line < single_first) return this.#sql.row.get({ seq, line });
    return this.#journal.rows(journal).findLast(({ first }) => first <= line);
  }
}

interface Place {
  seq: number;
  line: number;
}

const columns = 'id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum';

function prepare({ db }: Connection) {
  return {
    // The chunk that holds a line is the last one that begins at or before it.
    span: db.prepare<Place & { end: number }, PlacedChunk>(`
      SELECT ${columns} FROM chunks
      WHERE id >= (SELECT max(id) FROM chunks WHERE id BETWEEN @seq << 32 AND (@seq << 32) | @line)
        AND id <= (@seq << 32) | @end ORDER BY id`),
    row: db.prepare<Place, PlacedChunk>(`
      SELECT ${columns} FROM chunks
      WHERE id BETWEEN @seq << 32 AND (@seq << 32) | @line ORDER BY id DESC LIMIT 1`),
    back: db.prepare<Place, PlacedChunk>(`
      SELECT ${columns} FROM chunks
      WHERE id BETWEEN @seq << 32 AND (@seq << 32) | @line ORDER BY id DESC`),
    nextFirst: db
      .prepare<Place, number | null>(`
        SELECT min(id) & 0xffffffff FROM chunks
        WHERE id > (@seq << 32) | @line AND id < (@seq + 1) << 32`)
      .pluck(),
  };
}
