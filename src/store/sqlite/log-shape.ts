import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';
import { type HeadRow, headColumns, isSoundHead } from './head-row.ts';
import { Journal, withId } from './journal.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** Which rows hold a log: those of `chunks`, and from the line `single_first` on those of its list in the journal. */
export interface LogShape {
  jobId: string;
  seq: number;
  /** How many lines the log has. */
  total: number;
  complete: boolean;
  single_first: number;
  journal: Buffer | null;
  /** False where the head is damaged or missing. The lines up to `total` are then proved by sound rows; more may follow. */
  isProven: boolean;
}

/** Finds out which rows a log has: by its head, or, where that is damaged, by the rows themselves. */
export class LogShapes {
  readonly #db: Connection['db'];
  readonly #journal: Journal;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Pick<Connection, 'db'>) {
    this.#db = connection.db;
    this.#journal = new Journal(connection);
    this.#sql = prepare(connection);
  }

  /** Undefined for an unknown job. */
  of(jobId: string): LogShape | undefined {
    const seq = this.#sql.seq.get(jobId);
    if (seq === undefined) return undefined;
    const head = this.#soundHead(jobId, seq);
    if (head === null) return this.#db.transaction(() => this.#rebuilt(jobId, seq))();
    const { total, single_first, journal = null } = head;
    const complete = head.complete === 1;
    return { jobId, seq, total, complete, single_first, journal, isProven: true };
  }

  #soundHead(jobId: string, seq: number): HeadRow | null {
    try {
      const row = this.#sql.head.get(seq);
      return row !== undefined && isSoundHead(jobId, row) ? row : null;
    } catch (error) {
      if (!isDamage(error)) throw error;
      return null;
    }
  }

  /** What the rows themselves prove: each says whose it is, where it belongs, and whether it is sound. */
  #rebuilt(jobId: string, seq: number): LogShape {
    let end = 0;
    for (const chunk of this.#sql.fromLast.iterate(seq, seq)) {
      if (!isSound(jobId, chunk)) continue;
      end = chunk.first + chunk.count;
      break;
    }
    const shape = { jobId, seq, complete: false, isProven: false };
    const rows = this.#journal.rowsOf(seq).filter((row) => row.first >= end && isSound(jobId, row));
    const newest = withoutOlder(rows);
    const last = newest.at(-1);
    const total = last ? last.first + last.count : end;
    const single_first = newest[0]?.first ?? total;
    let journal: Buffer | null = null;
    for (const { id } of newest) journal = withId(journal, id);
    return { ...shape, total, single_first, journal };
  }
}

/** Rows in the order of their ids, without those whose lines a later one has, too: what was stored last was served last. */
function withoutOlder<Row extends { first: number; count: number }>(rows: readonly Row[]): Row[] {
  const kept: Row[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const row of rows.toReversed()) {
    if (row.first + row.count > next) continue;
    kept.push(row);
    next = row.first;
  }
  return kept.reverse();
}

function prepare({ db }: Pick<Connection, 'db'>) {
  return {
    seq: db.prepare<[string], number>('SELECT seq FROM jobs WHERE id = ?').pluck(),
    head: db.prepare<[number], HeadRow>(`SELECT ${headColumns} FROM logs WHERE seq = ?`),
    fromLast: db.prepare<[number, number], PlacedChunk>(`
      SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum FROM chunks
      WHERE id >= ? << 32 AND id < (? + 1) << 32 ORDER BY id DESC`),
  };
}
