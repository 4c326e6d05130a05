import { TrainyardError } from '../../core/errors.ts';
import type { JobStatus } from '../../core/job.ts';
import { maxLines } from '../../core/log.ts';
import type { Append, Lease, LogHead } from '../../core/store.ts';
import { chunkChecksum } from '../checksum.ts';
import { type Chunk, cutChunks, fullness, joinTail, rawChunk } from '../chunk.ts';
import { textSize } from '../line-text.ts';
import type { Connection } from './connection.ts';
import { type HeadRow, headChecksum, headColumns, soundHead } from './head-row.ts';
import { JobEvents } from './job-events.ts';
import type { SqliteMetrics } from './metrics.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';
import { WriteGroups } from './write-groups.ts';

/** A page must not have to gather more raw rows than this: so many single ones are joined. */
const maxSingleRows = 128;

/** More lines are not written together with those of other jobs. */
const maxGroupedLines = 100;

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
  readonly #events: JobEvents;
  readonly #metrics: SqliteMetrics;
  readonly #compress: boolean;
  readonly #groups: WriteGroups;
  readonly #sql: ReturnType<typeof prepare>;
  /** What the last append under a lease has left, so that the next one need not read it again. */
  readonly #ends = new WeakMap<Lease, LogEnd>();

  constructor(connection: Connection, metrics: SqliteMetrics, options: { compress: boolean }) {
    this.#connection = connection;
    this.#events = new JobEvents(connection);
    this.#metrics = metrics;
    this.#compress = options.compress;
    this.#groups = new WriteGroups(connection);
    this.#sql = prepare(connection);
  }

  /** As `LogStore.append` promises. */
  async append(lease: Lease, batch: Append): Promise<LogHead> {
    checkRuns(batch);
    const work = () => this.#append(lease, batch);
    // Many lines are worth a transaction of their own.
    const { end, keepCurves } = await (batch.texts.length > maxGroupedLines
      ? this.#connection.write(work)
      : this.#groups.write(lease, work));
    this.#ends.set(lease, end);
    keepCurves?.();
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
      const row = this.#sql.end.get(lease.jobId);
      if (row === undefined) throw this.#refusal(lease);
      const head = { ...soundHead(lease.jobId, row), complete: 1 };
      const checksum = headChecksum(lease.jobId, head);
      const { changes } = this.#sql.complete.run(checksum, head.seq, lease.fence);
      if (changes === 0) throw this.#refusal(lease);
      const job = this.#sql.job.get(lease.jobId);
      if (job) this.#events.add(job, 'LOG_COMPLETE');
      const { total, cursor, carry } = head;
      return { total, cursor, collectorState: carry, complete: true };
    };
    return this.#connection.write(work, { synced: () => true });
  }

  #append(lease: Lease, batch: Append): { end: LogEnd; keepCurves: (() => void) | undefined } {
    const start = this.#ends.get(lease) ?? this.#storedEnd(lease.jobId);
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
      headChecksum(lease.jobId, {
        ...end,
        complete: 0,
        cursor: batch.cursor,
        carry: batch.collectorState,
      }),
      start.seq,
      lease.fence,
      start.total,
    );
    if (changes === 0) throw this.#refusal(lease);
    if (batch.texts.length > 0) this.#insertLines(lease.jobId, { start, end, batch });
    for (const { before, reason } of batch.gaps ?? []) {
      this.#sql.addGap.run(start.seq, start.total + before, reason);
    }
    const points = batch.metrics ?? [];
    const keepCurves = points.length > 0 ? this.#metrics.add(lease, start.seq, points) : undefined;
    return { end, keepCurves };
  }

  #storedEnd(jobId: string): LogEnd | undefined {
    const row = this.#sql.end.get(jobId);
    return row && soundHead(jobId, row);
  }

  #insertLines(
    jobId: string,
    { start, end, batch }: { start: LogEnd; end: LogEnd; batch: Append },
  ): void {
    const { seq, total } = start;
    if (end.tail_first > start.tail_first) {
      const from = { jobId, seq, first: start.tail_first, total };
      this.#joinRows(from, batch, { compress: this.#compress });
    } else if (end.single_first > start.single_first) {
      this.#joinRows({ jobId, seq, first: start.single_first, total }, batch, { compress: false });
    } else {
      this.#insertChunk({ jobId, seq, first: total }, rawChunk(batch));
    }
  }

  /**
   * Replaces the rows from a line on, and adds the new lines to them, by as few chunks as can be. Damaged
   * rows stay as they are: within a new chunk they would pass for sound.
   */
  #joinRows(from: RowKey & { total: number }, batch: Append, options: { compress: boolean }): void {
    const { jobId, seq } = from;
    const rows = this.#sql.rows.all({ seq, first: from.first });
    const sound = coverLines(rows, from) && rows.every((row) => isSound(jobId, row));
    if (sound) this.#sql.deleteRows.run({ seq, first: from.first });
    let first = sound ? from.first : from.total;
    for (const chunk of cutChunks(joinTail(sound ? rows : []), batch, options)) {
      this.#insertChunk({ jobId, seq, first }, chunk);
      first += chunk.count;
    }
  }

  #insertChunk({ jobId, seq, first }: RowKey, chunk: Chunk): void {
    const { count, encoding, bytes, runs, text } = chunk;
    const checksum = chunkChecksum(jobId, first, chunk);
    this.#sql.insert.run(seq, first, count, encoding, bytes, runs, text, checksum);
  }

  /** Why a lease may not write. */
  #refusal(lease: Lease): TrainyardError {
    const complete = this.#sql.isComplete.get(lease.jobId) === 1;
    const why = complete ? 'is complete' : 'is collected by another server';
    return new TrainyardError('CONFLICT', `the log of job ${lease.jobId} ${why}`);
  }
}

/** Whether rows hold each line from `first` up to `total` once. */
function coverLines(
  rows: readonly PlacedChunk[],
  { first, total }: { first: number; total: number },
): boolean {
  let next = first;
  for (const row of rows) {
    if (row.first !== next) return false;
    next += row.count;
  }
  return next === total;
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
  jobId: string;
  seq: number;
  first: number;
}

type Advance = [
  ...number[],
  cursor: string | null,
  collectorState: string | null,
  checksum: number,
  number,
  number,
  number,
];

function prepare({ db }: Connection) {
  return {
    end: db.prepare<[string], LogEnd & HeadRow & { checksum: number | null }>(`
      SELECT seq, ${headColumns} FROM logs
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    // The fence is checked here: under an older lease, or once the log is complete, no row is found.
    advance: db.prepare<Advance>(`
      UPDATE logs SET total = ?, tail_first = ?, tail_size = ?, single_first = ?, single_rows = ?,
        cursor = ?, carry = ?, checksum = ?
      WHERE seq = ? AND fence = ? AND total = ? AND complete = 0`),
    complete: db.prepare<[number, number, number]>(`
      UPDATE logs SET complete = 1, checksum = ? WHERE seq = ? AND fence = ? AND complete = 0`),
    job: db.prepare<[string], { seq: number; id: string; status: JobStatus }>(
      'SELECT seq, id, status FROM jobs WHERE id = ?',
    ),
    isComplete: db
      .prepare<[string], number>(
        'SELECT complete FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)',
      )
      .pluck(),
    insert: db.prepare<[number, number, number, number, number, Buffer, Buffer, number]>(`
      INSERT INTO chunks (id, count, encoding, bytes, runs, text, checksum)
      VALUES ((? << 32) | ?, ?, ?, ?, ?, ?, ?)`),
    rows: db.prepare<{ seq: number; first: number }, PlacedChunk>(`
      SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum FROM chunks
      WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32 ORDER BY id`),
    deleteRows: db.prepare<{ seq: number; first: number }>(
      'DELETE FROM chunks WHERE id >= (@seq << 32) | @first AND id < (@seq + 1) << 32',
    ),
    addGap: db.prepare<[number, number, string]>(
      'INSERT INTO gaps (seq, line, reason) VALUES (?, ?, ?)',
    ),
  };
}
