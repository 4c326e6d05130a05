import type { Chunk } from '../chunk.ts';
import { type ByteReader, putInteger, takeInteger } from '../integers.ts';
import type { Connection } from './connection.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** A row of `journal`. */
export interface JournalRow extends PlacedChunk {
  id: number;
}

/**
 * The newest lines of all jobs as they were appended, one row an append, in the order in which they came: rows of
 * many jobs share a page then. A log's list says which rows are its own; a row in no list is waste.
 */
export class Journal {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Pick<Connection, 'db'>) {
    this.#sql = prepare(connection);
  }

  /** Adds a row and returns its id, which is greater than those of all others. */
  add(row: { seq: number; first: number; chunk: Chunk; checksum: number }): number {
    const { seq, first, checksum } = row;
    const { count, bytes, runs, text } = row.chunk;
    const { lastInsertRowid } = this.#sql.add.run(seq, first, count, bytes, runs, text, checksum);
    return Number(lastInsertRowid);
  }

  /** All rows of a list, in order, but for those that are missing. */
  rows(list: Buffer): JournalRow[] {
    const rows = idsOf(list).map((id) => this.#sql.row.get(id));
    return rows.filter((row) => row !== undefined);
  }

  /** All rows that say that they are of a log, in the order in which they came, waste too. The journal is short enough to be searched. */
  rowsOf(seq: number): JournalRow[] {
    return this.#sql.ofLog.all(seq);
  }

  /** The same as `rows`, of a list that will be needed no more: its rows are waste, and gone where they lie together. */
  take(list: Buffer): JournalRow[] {
    const ids = idsOf(list);
    const first = ids.at(0) ?? 0;
    const last = ids.at(-1) ?? 0;
    if (last - first !== ids.length - 1) return this.rows(list);
    const rows = this.#sql.range.all(first, last);
    this.#sql.remove.run(first, last);
    return rows;
  }

  /** The rows of a list that hold lines from `line` on, in order. Only as many are read as are needed. */
  rowsFrom(list: Buffer, { jobId, line }: { jobId: string; line: number }): JournalRow[] {
    const rows: JournalRow[] = [];
    for (const id of idsOf(list).reverse()) {
      const row = this.#sql.row.get(id);
      if (row === undefined) continue;
      rows.push(row);
      // Where a damaged one says that it begins proves nothing.
      if (row.first <= line && isSound(jobId, row)) break;
    }
    return rows.reverse();
  }
}

/** A list of ids, each greater than the one before it, with one more. */
export function withId(list: Buffer | null, id: number): Buffer {
  const distance: number[] = [];
  if (list === null) putInteger(distance, id);
  else putInteger(distance, id - lastOf(list));
  const length = list?.length ?? 0;
  const longer = Buffer.allocUnsafe(length + distance.length);
  list?.copy(longer);
  longer.set(distance, length);
  return longer;
}

/** The first id of a list. */
export function firstOf(list: Buffer): number {
  return takeInteger({ bytes: list, at: 0 });
}

function lastOf(list: Buffer): number {
  const reader: ByteReader = { bytes: list, at: 0 };
  let id = 0;
  while (reader.at < list.length) id += takeInteger(reader);
  return id;
}

function idsOf(list: Buffer): number[] {
  const ids: number[] = [];
  const reader: ByteReader = { bytes: list, at: 0 };
  let id = 0;
  while (reader.at < list.length) {
    id += takeInteger(reader);
    ids.push(id);
  }
  return ids;
}

const columns = 'id, first, count, 0 AS encoding, bytes, runs, text, checksum';

function prepare({ db }: Pick<Connection, 'db'>) {
  return {
    add: db.prepare<[number, number, number, number, Buffer, Buffer, number]>(`
      INSERT INTO journal (seq, first, count, bytes, runs, text, checksum)
      VALUES (?, ?, ?, ?, ?, ?, ?)`),
    row: db.prepare<[number], JournalRow>(`SELECT ${columns} FROM journal WHERE id = ?`),
    ofLog: db.prepare<[number], JournalRow>(
      `SELECT ${columns} FROM journal WHERE seq = ? ORDER BY id`,
    ),
    range: db.prepare<[number, number], JournalRow>(
      `SELECT ${columns} FROM journal WHERE id BETWEEN ? AND ? ORDER BY id`,
    ),
    remove: db.prepare<[number, number]>('DELETE FROM journal WHERE id BETWEEN ? AND ?'),
  };
}
