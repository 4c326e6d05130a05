import type { LineBlock } from '../../core/log.ts';
import { chunkChecksum } from '../checksum.ts';
import { type Chunk, cutChunks, joinTail, rawChunk } from '../chunk.ts';
import type { Connection } from './connection.ts';
import { Journal, type JournalRow, withId } from './journal.ts';
import type { LogEnd } from './log-end.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

const nothing: LineBlock = { lines: [], runs: [] };

/** Stores lines at the end of logs, within the transactions that move their heads. */
export class Tail {
  readonly #journal: Journal;
  readonly #compress: boolean;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection, options: { compress: boolean }) {
    this.#journal = new Journal(connection);
    this.#compress = options.compress;
    this.#sql = prepare(connection);
  }

  /** Stores lines that bring a log from `start` to `end`, as `endAfter` tells it, and adds their row to its journal. */
  store(
    jobId: string,
    { start, end, block }: { start: LogEnd; end: LogEnd; block: LineBlock },
  ): void {
    if (end.tail_first > start.tail_first) {
      this.#join(jobId, start, { from: start.tail_first, block, compress: this.#compress });
      return;
    }
    if (end.single_rows === 0) {
      this.#join(jobId, start, { from: start.single_first, block, compress: false });
      return;
    }
    const chunk = rawChunk(block);
    const first = start.total;
    const checksum = chunkChecksum(jobId, first, chunk);
    const id = this.#journal.add({ seq: start.seq, first, chunk, checksum });
    end.journal = withId(end.journal, id);
    end.journal_from ??= id;
  }

  /** Moves all that a log has in the journal to its chunks. */
  fold(jobId: string, end: LogEnd): void {
    this.#join(jobId, end, { from: end.single_first, block: nothing, compress: false });
  }

  /** Moves the rows that a log has in the journal to its chunks, one by one, whatever is in them. */
  move(end: RowsAtEnd): void {
    if (end.journal !== null) this.#moveRows(end, this.#journal.rows(end.journal));
  }

  /**
   * Replaces the rows from a line on, and adds the new lines to them, by as few chunks as can be. Damaged
   * rows stay as they are: within a new chunk they would pass for sound.
   */
  #join(
    jobId: string,
    end: LogEnd,
    { from, block, compress }: { from: number; block: LineBlock; compress: boolean },
  ): void {
    const { seq, total, single_first, journal } = end;
    const joined = from < single_first ? this.#sql.rows.all({ seq, first: from }) : [];
    const single = journal === null ? [] : this.#journal.take(journal);
    const rows = [...joined, ...single];
    const sound = coverLines(rows, { from, total }) && rows.every((row) => isSound(jobId, row));
    if (!sound) this.#moveRows(end, single);
    else if (joined.length > 0) this.#sql.deleteRows.run({ seq, first: from });
    if (!sound && block.lines.length === 0) return;
    let first = sound ? from : total;
    for (const chunk of cutChunks(joinTail(sound ? rows : []), block, { compress })) {
      this.#insert(seq, { ...chunk, first, checksum: chunkChecksum(jobId, first, chunk) });
      first += chunk.count;
    }
  }

  #moveRows({ seq, single_first, total }: RowsAtEnd, rows: readonly JournalRow[]): void {
    for (const row of rows) {
      // A damaged one may say that it belongs where it must not be.
      if (row.first >= single_first && row.first < total) this.#insert(seq, row);
    }
  }

  #insert(seq: number, chunk: Chunk & { first: number; checksum: number | null }): void {
    const { first, count, encoding, bytes, runs, text, checksum } = chunk;
    this.#sql.insert.run(seq, first, count, encoding, bytes, runs, text, checksum);
  }
}

type RowsAtEnd = Pick<LogEnd, 'seq' | 'single_first' | 'total' | 'journal'>;

/** Whether rows hold each line from `from` up to `total` once. */
function coverLines(
  rows: readonly PlacedChunk[],
  { from, total }: { from: number; total: number },
): boolean {
  let next = from;
  for (const row of rows) {
    if (row.first !== next) return false;
    next += row.count;
  }
  return next === total;
}

function prepare({ db }: Connection) {
  return {
    // Two damaged rows may say that they are in the same place.
    insert: db.prepare<[number, number, number, number, number, Buffer, Buffer, number | null]>(`
      INSERT OR IGNORE INTO chunks (id, count, encoding, bytes, runs, text, checksum)
      VALUES ((? << 32) | ?, ?, ?, ?, ?, ?, ?)`),
    rows: db.prepare<{ seq: number; first: number }, PlacedChunk>(`
      SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum FROM chunks
      WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32 ORDER BY id`),
    deleteRows: db.prepare<{ seq: number; first: number }>(
      'DELETE FROM chunks WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32',
    ),
  };
}
