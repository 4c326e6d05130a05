import { TrainyardError } from '../../core/errors.ts';
import type { LogGap, MetricSeries, PlacedBlock } from '../../core/log.ts';
import { maxLines } from '../../core/log.ts';
import type { Append, Lease, LogHead, LogStore, ScanStretch } from '../../core/store.ts';
import { type Chunk, cutChunks, fullness, joinTail, rawChunk } from '../chunk.ts';
import { textSize } from '../line-text.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { Connection } from './connection.ts';
import type { SqliteMetrics } from './metrics.ts';

/** The most gaps that one call returns. */
const maxGaps = 1000;

const emptyHead: LogHead = { total: 0, cursor: null, carry: null, complete: false };

interface LogRow {
  seq: number;
  total: number;
  tail_first: number;
  tail_bytes: number;
  complete: number;
  fence: number;
}

/** The lines of a SQLite store. */
export class SqliteLogs implements LogStore {
  readonly #connection: Connection;
  readonly #metrics: SqliteMetrics;
  readonly #reader: ChunkReader;
  readonly #compress: boolean;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection, metrics: SqliteMetrics, options: { compress: boolean }) {
    this.#connection = connection;
    this.#metrics = metrics;
    this.#reader = new ChunkReader(connection);
    this.#compress = options.compress;
    this.#sql = prepare(connection);
  }

  head(jobId: string): Promise<LogHead> {
    return this.#connection.read(() => {
      const row = this.#sql.head.get(jobId);
      return row === undefined ? emptyHead : { ...row, complete: row.complete === 1 };
    });
  }

  append(lease: Lease, batch: Append): Promise<LogHead> {
    return this.#connection.write(() => this.#append(lease, batch));
  }

  complete(lease: Lease): Promise<LogHead> {
    const work = (): LogHead => {
      const { seq } = this.#held(lease);
      const row = this.#sql.complete.get(seq);
      if (row === undefined) throw new Error(`the log of job ${lease.jobId} was not completed`);
      return { ...row, complete: true };
    };
    return this.#connection.write(work, { synced: true });
  }

  read(
    jobId: string,
    options: { offset: number; limit: number; maxChars: number },
  ): Promise<PlacedBlock> {
    return this.#connection.read(() => this.#reader.page(jobId, options));
  }

  scan(
    jobId: string,
    options: { from: number; maybe?: (text: Buffer) => boolean; signal?: AbortSignal },
  ): AsyncIterable<ScanStretch> {
    return this.#reader.scan(jobId, options);
  }

  gaps(jobId: string, range: { from: number; to: number }): Promise<LogGap[]> {
    return this.#connection.read(() => this.#sql.gaps.all(jobId, range.from, range.to, maxGaps));
  }

  metrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]> {
    return this.#metrics.series(jobId, options);
  }

  #append(lease: Lease, batch: Append): LogHead {
    checkRuns(batch);
    const log = this.#held(lease);
    const total = log.total + batch.texts.length;
    if (total > maxLines) {
      throw new TrainyardError('CONFLICT', `the log of job ${lease.jobId} is full`);
    }
    const tail = batch.texts.length === 0 ? log : this.#insertLines(log, batch);
    for (const { before, reason } of batch.gaps ?? []) {
      this.#sql.addGap.run(log.seq, log.total + before, reason);
    }
    if (batch.metrics !== undefined) this.#metrics.add(log.seq, batch.metrics);
    const { cursor, carry } = batch;
    this.#sql.advance.run(total, tail.tail_first, tail.tail_bytes, cursor, carry, log.seq);
    return { total, cursor, carry, complete: false };
  }

  /** The row of the lease's log, where the lease is its newest one and lines may still come. */
  #held(lease: Lease): LogRow {
    const log = this.#sql.log.get(lease.jobId);
    if (log === undefined || log.fence !== lease.fence) {
      throw new TrainyardError('CONFLICT', `job ${lease.jobId} is collected by another server`);
    }
    if (log.complete === 1) {
      throw new TrainyardError('CONFLICT', `the log of job ${lease.jobId} is complete`);
    }
    return log;
  }

  #insertLines(log: LogRow, batch: Append): { tail_first: number; tail_bytes: number } {
    const count = log.total - log.tail_first + batch.texts.length;
    const size = log.tail_bytes + textSize(batch.texts);
    if (fullness({ count, size }) < 1) {
      const chunk = rawChunk(batch);
      this.#insertChunk(log.seq, log.total, chunk);
      return { tail_first: log.tail_first, tail_bytes: log.tail_bytes + chunk.bytes };
    }
    const tail = joinTail(this.#sql.tail.all(log));
    this.#sql.deleteTail.run(log);
    let first = log.tail_first;
    for (const chunk of cutChunks(tail, batch, { compress: this.#compress })) {
      this.#insertChunk(log.seq, first, chunk);
      first += chunk.count;
    }
    return { tail_first: first, tail_bytes: 0 };
  }

  #insertChunk(seq: number, first: number, chunk: Chunk): void {
    const { count, encoding, bytes, runs, text } = chunk;
    this.#sql.insert.run(seq, first, count, encoding, bytes, runs, text);
  }
}

function checkRuns(batch: Append): void {
  const covered = batch.runs.reduce((sum, run) => sum + run.count, 0);
  if (covered !== batch.texts.length) {
    throw new Error(`runs for ${covered} lines came with ${batch.texts.length} lines`);
  }
}

type TailKey = Pick<LogRow, 'seq' | 'tail_first'>;
type HeadRow = Omit<LogHead, 'complete'> & { complete: number };

function prepare({ db }: Connection) {
  return {
    head: db.prepare<[string], HeadRow>(`
      SELECT total, cursor, carry, complete FROM logs
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    log: db.prepare<[string], LogRow>(`
      SELECT seq, total, tail_first, tail_bytes, complete, fence FROM logs
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    advance: db.prepare<[number, number, number, string | null, string | null, number]>(`
      UPDATE logs SET total = ?, tail_first = ?, tail_bytes = ?, cursor = ?, carry = ?
      WHERE seq = ?`),
    complete: db.prepare<[number], HeadRow>(`
      UPDATE logs SET complete = 1 WHERE seq = ? RETURNING total, cursor, carry, complete`),
    insert: db.prepare<[number, number, number, number, number, Buffer, Buffer]>(`
      INSERT INTO chunks (id, count, encoding, bytes, runs, text)
      VALUES ((? << 32) | ?, ?, ?, ?, ?, ?)`),
    tail: db.prepare<TailKey, Pick<Chunk, 'count' | 'runs' | 'text'>>(`
      SELECT count, runs, text FROM chunks
      WHERE id >= (@seq << 32) | @tail_first AND id < (@seq + 1) << 32 ORDER BY id`),
    deleteTail: db.prepare<TailKey>(
      'DELETE FROM chunks WHERE id >= (@seq << 32) | @tail_first AND id < (@seq + 1) << 32',
    ),
    addGap: db.prepare<[number, number, string]>(
      'INSERT INTO gaps (seq, line, reason) VALUES (?, ?, ?)',
    ),
    gaps: db.prepare<[string, number, number, number], LogGap>(`
      SELECT line AS offset, reason FROM gaps
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?) AND line BETWEEN ? AND ?
      ORDER BY line, id LIMIT ?`),
  };
}
