import { TrainyardError } from '../../core/errors.ts';
import { maxLines } from '../../core/log.ts';
import type { Append, Lease, LogHead } from '../../core/store.ts';
import { type Chunk, cutChunks, fullness, joinTail, rawChunk } from '../chunk.ts';
import { textSize } from '../line-text.ts';
import type { Connection } from './connection.ts';
import type { SqliteMetrics } from './metrics.ts';

/** A page must not have to gather more raw rows than this: so many single ones are joined. */
const maxSingleRows = 128;

/**
 * Where a log ends. The lines from `tail_first` on, about `tail_size` bytes, are in raw rows; of
 * these, the last `single_rows`, from the line `single_first` on, are as they were appended.
 */
interface LogEnd {
  seq: number;
  total: number;
  tail_first: number;
  tail_size: number;
  single_first: number;
  single_rows: number;
}

/** Appends to the logs of a SQLite store. */
export class LogWriter {
  readonly #connection: Connection;
  readonly #metrics: SqliteMetrics;
  readonly #compress: boolean;
  readonly #sql: ReturnType<typeof prepare>;
  /** What the last append under a lease has left, so that the next one need not read it again. */
  readonly #ends = new WeakMap<Lease, LogEnd>();

  constructor(connection: Connection, metrics: SqliteMetrics, options: { compress: boolean }) {
    this.#connection = connection;
    this.#metrics = metrics;
    this.#compress = options.compress;
    this.#sql = prepare(connection);
  }

  /** As `LogStore.append` promises. */
  async append(lease: Lease, batch: Append): Promise<LogHead> {
    checkRuns(batch);
    const end = await this.#connection.write(() => this.#append(lease, batch));
    this.#ends.set(lease, end);
    return {
      total: end.total,
      cursor: batch.cursor,
      collectorState: batch.collectorState,
      complete: false,
    };
  }

  /** As `LogStore.complete` promises. */
  complete(lease: Lease): Promise<LogHead> {
    const work = (): LogHead => {
      const head = this.#sql.complete.get(lease.jobId, lease.fence);
      if (head === undefined) throw this.#refusal(lease);
      return { ...head, complete: true };
    };
    return this.#connection.write(work, { synced: () => true });
  }

  #append(lease: Lease, batch: Append): LogEnd {
    const start = this.#ends.get(lease) ?? this.#sql.end.get(lease.jobId);
    this.#ends.delete(lease);
    if (start === undefined) throw this.#refusal(lease);
    const end = endAfter(start, batch.texts);
    if (end.total > maxLines) {
      throw new TrainyardError('CONFLICT', `the log of job ${lease.jobId} is full`);
    }
    const { changes } = this.#sql.advance.run(
      end.total,
      end.tail_first,
      end.tail_size,
      end.single_first,
      end.single_rows,
      batch.cursor,
      batch.collectorState,
      start.seq,
      lease.fence,
      start.total,
    );
    if (changes === 0) throw this.#refusal(lease);
    if (batch.texts.length > 0) this.#insertLines(start, end, batch);
    for (const { before, reason } of batch.gaps ?? []) {
      this.#sql.addGap.run(start.seq, start.total + before, reason);
    }
    if (batch.metrics !== undefined) this.#metrics.add(start.seq, batch.metrics);
    return end;
  }

  #insertLines(start: LogEnd, end: LogEnd, batch: Append): void {
    const { seq } = start;
    if (end.tail_first > start.tail_first) {
      this.#joinRows({ seq, first: start.tail_first }, batch, { compress: this.#compress });
    } else if (end.single_first > start.single_first) {
      this.#joinRows({ seq, first: start.single_first }, batch, { compress: false });
    } else {
      this.#insertChunk(seq, start.total, rawChunk(batch));
    }
  }

  /** Replaces the rows from a line on, and adds the new lines to them, by as few chunks as can be. */
  #joinRows(from: RowKey, batch: Append, options: { compress: boolean }): void {
    const tail = joinTail(this.#sql.rows.all(from));
    this.#sql.deleteRows.run(from);
    let { first } = from;
    for (const chunk of cutChunks(tail, batch, options)) {
      this.#insertChunk(from.seq, first, chunk);
      first += chunk.count;
    }
  }

  #insertChunk(seq: number, first: number, chunk: Chunk): void {
    const { count, encoding, bytes, runs, text } = chunk;
    this.#sql.insert.run(seq, first, count, encoding, bytes, runs, text);
  }

  /** Why a lease may not write. */
  #refusal(lease: Lease): TrainyardError {
    const complete = this.#sql.isComplete.get(lease.jobId) === 1;
    const why = complete ? 'is complete' : 'is collected by another server';
    return new TrainyardError('CONFLICT', `the log of job ${lease.jobId} ${why}`);
  }
}

function checkRuns(batch: Append): void {
  const covered = batch.runs.reduce((sum, run) => sum + run.count, 0);
  if (covered !== batch.texts.length) {
    throw new Error(`runs for ${covered} lines came with ${batch.texts.length} lines`);
  }
}

/** Small batches make the tail grow; once it is a full chunk, or more, nothing of it stays raw. */
function endAfter(start: LogEnd, texts: readonly string[]): LogEnd {
  if (texts.length === 0) return start;
  const { seq, tail_first } = start;
  const total = start.total + texts.length;
  const tail_size = start.tail_size + textSize(texts);
  if (fullness({ count: total - tail_first, size: tail_size }) >= 1) {
    return { seq, total, tail_first: total, tail_size: 0, single_first: total, single_rows: 0 };
  }
  const single_rows = start.single_rows + 1;
  if (single_rows > maxSingleRows) {
    return { seq, total, tail_first, tail_size, single_first: total, single_rows: 0 };
  }
  return { seq, total, tail_first, tail_size, single_first: start.single_first, single_rows };
}

interface RowKey {
  seq: number;
  first: number;
}

type HeadRow = Omit<LogHead, 'complete'>;
type Advance = [
  ...number[],
  cursor: string | null,
  collectorState: string | null,
  number,
  number,
  number,
];

function prepare({ db }: Connection) {
  return {
    end: db.prepare<[string], LogEnd>(`
      SELECT seq, total, tail_first, tail_size, single_first, single_rows FROM logs
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    // The fence is checked here: under an older lease, or once the log is complete, no row is found.
    advance: db.prepare<Advance>(`
      UPDATE logs SET total = ?, tail_first = ?, tail_size = ?, single_first = ?, single_rows = ?,
        cursor = ?, carry = ?
      WHERE seq = ? AND fence = ? AND total = ? AND complete = 0`),
    complete: db.prepare<[string, number], HeadRow>(`
      UPDATE logs SET complete = 1
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?) AND fence = ? AND complete = 0
      RETURNING total, cursor, carry AS collectorState`),
    isComplete: db
      .prepare<[string], number>(
        'SELECT complete FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)',
      )
      .pluck(),
    insert: db.prepare<[number, number, number, number, number, Buffer, Buffer]>(`
      INSERT INTO chunks (id, count, encoding, bytes, runs, text)
      VALUES ((? << 32) | ?, ?, ?, ?, ?, ?)`),
    rows: db.prepare<RowKey, Pick<Chunk, 'count' | 'runs' | 'text'>>(`
      SELECT count, runs, text FROM chunks
      WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32 ORDER BY id`),
    deleteRows: db.prepare<RowKey>(
      'DELETE FROM chunks WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32',
    ),
    addGap: db.prepare<[number, number, string]>(
      'INSERT INTO gaps (seq, line, reason) VALUES (?, ?, ?)',
    ),
  };
}
