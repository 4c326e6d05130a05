import { TrainyardError } from '../../core/errors.ts';
import type { JobStatus } from '../../core/job.ts';
import { type MetricPoint, maxLines } from '../../core/log.ts';
import type { Append, Lease, LogHead } from '../../core/store.ts';
import { fullChunk } from '../chunk.ts';
import { textSize } from '../line-text.ts';
import type { Connection } from './connection.ts';
import { gapChecksum } from './gap-rows.ts';
import { type HeadRow, headChecksum, headColumns, soundHead } from './head-row.ts';
import type { Indexer } from './indexer.ts';
import { JobEvents } from './job-events.ts';
import type { JournalSweep } from './journal-sweep.ts';
import { endAfter, joinedEnd, type LogEnd } from './log-end.ts';
import type { SqliteMetrics } from './metrics.ts';
import type { Tail } from './tail.ts';
import { WriteGroups } from './write-groups.ts';

/** More lines are not written together with those of other jobs. */
const maxGroupedLines = 100;

/** Appends to the logs of a SQLite store. */
export class LogWriter {
  readonly #connection: Connection;
  readonly #events: JobEvents;
  readonly #metrics: SqliteMetrics;
  readonly #resources: SqliteMetrics;
  readonly #tail: Tail;
  readonly #sweep: JournalSweep;
  readonly #indexer: Indexer;
  readonly #groups: WriteGroups;
  readonly #sql: ReturnType<typeof prepare>;
  /** What the last append under a lease has left, so that the next one need not read it again, and the sweeps before it. */
  readonly #ends = new WeakMap<Lease, { end: LogEnd; folds: number }>();

  constructor(
    connection: Connection,
    parts: {
      metrics: SqliteMetrics;
      resources: SqliteMetrics;
      tail: Tail;
      sweep: JournalSweep;
      indexer: Indexer;
      now: () => number;
    },
  ) {
    this.#connection = connection;
    this.#events = new JobEvents(connection);
    this.#metrics = parts.metrics;
    this.#resources = parts.resources;
    this.#tail = parts.tail;
    this.#sweep = parts.sweep;
    this.#indexer = parts.indexer;
    this.#groups = new WriteGroups(connection, parts);
    this.#sql = prepare(connection);
  }

  /** As `LogStore.append` promises. */
  async append(lease: Lease, batch: Append): Promise<LogHead> {
    checkRuns(batch);
    const { start, end, folds, keepCurves } = await this.#write(lease, batch).catch(
      (error: unknown) => {
        if (!(error instanceof StaleEnd)) throw error;
        return this.#write(lease, batch);
      },
    );
    this.#ends.set(lease, { end, folds });
    keepCurves?.();
    if (batch.lines.length > 0) this.#sweep.grown(textSize(batch.lines));
    const sealed = end.tail_first - start.tail_first;
    if (sealed > 0) this.#indexer.grown(end.seq, Math.ceil(sealed / fullChunk.lines));
    if (batch.isByClock) await this.#connection.flush();
    return {
      total: end.total,
      cursor: batch.cursor,
      collectorState: batch.collectorState,
      complete: false,
    };
  }

  /** As `LogStore.measure` promises. */
  async measure(lease: Lease, points: readonly MetricPoint[]): Promise<void> {
    const keep = await this.#connection.write(() => {
      const seq = this.#sql.held.get(lease.jobId, lease.fence);
      if (seq === undefined) throw this.#refusal(lease);
      return this.#resources.add(lease, seq, points);
    });
    keep();
  }

  /** As `LogStore.complete` promises. */
  async complete(lease: Lease): Promise<LogHead> {
    const work = () => {
      const row = this.#sql.end.get(lease.jobId);
      if (row === undefined) throw this.#refusal(lease);
      const head = { ...soundHead(lease.jobId, row), complete: 1 };
      const { total, cursor, carry } = head;
      const checksum = headChecksum(lease.jobId, head, head);
      const { changes } = this.#sql.complete.run(checksum, head.seq, lease.fence);
      // Completed under this lease before, when only the disk did not take it.
      const isDone = changes === 0 && row.complete === 1 && this.#isNewest(lease);
      if (changes === 0 && !isDone) throw this.#refusal(lease);
      const job = this.#sql.job.get(lease.jobId);
      if (job && !isDone) this.#events.add(job, 'LOG_COMPLETE');
      return { seq: head.seq, log: { total, cursor, collectorState: carry, complete: true } };
    };
    const { seq, log } = await this.#connection.write(work, { synced: () => true });
    this.#indexer.completed(seq);
    return log;
  }

  #write(lease: Lease, batch: Append): Promise<Appended> {
    const work = () => this.#append(lease, batch);
    // Many lines are worth a transaction of their own.
    return batch.lines.length > maxGroupedLines
      ? this.#connection.write(work)
      : this.#groups.write(lease, work, batch.isUnhurried ? 'unhurried' : 'hurried');
  }

  #append(lease: Lease, batch: Append): Appended {
    const { folds } = this.#sweep;
    const known = this.#ends.get(lease);
    this.#ends.delete(lease);
    const isKnown = known?.folds === folds;
    const start = isKnown ? known.end : this.#storedEnd(lease.jobId);
    if (start === undefined) throw this.#refusal(lease);
    const end = endAfter(start, batch.lines);
    if (end.total > maxLines) {
      throw new TrainyardError('CONFLICT', `the log of job ${lease.jobId} is full`);
    }
    if (end !== start) this.#tail.store(lease.jobId, { start, end, block: batch });
    if (!this.#advance(lease, { start, end, batch })) {
      if (isKnown) throw new StaleEnd();
      throw this.#refusal(lease);
    }
    for (const { before, reason } of batch.gaps ?? []) {
      const offset = start.total + before;
      const checksum = gapChecksum(lease.jobId, { offset, reason });
      this.#sql.addGap.run(start.seq, offset, reason, checksum);
    }
    const points = batch.metrics ?? [];
    const keepCurves = points.length > 0 ? this.#metrics.add(lease, start.seq, points) : undefined;
    return { start, end, folds, keepCurves };
  }

  #storedEnd(jobId: string): LogEnd | undefined {
    const row = this.#sql.end.get(jobId);
    if (row === undefined) return undefined;
    const end = soundHead(jobId, row);
    // A release without a journal had single rows in its chunks.
    return end.journal === null ? joinedEnd(end) : end;
  }

  /** False where the log is not at `start` any more, or the lease may not write. */
  #advance(
    lease: Lease,
    { start, end, batch }: { start: LogEnd; end: LogEnd; batch: Append },
  ): boolean {
    const { total, tail_first, tail_size, single_first, single_rows, journal, journal_from } = end;
    const { cursor, collectorState: carry } = batch;
    const checksum = headChecksum(lease.jobId, end, { complete: 0, cursor, carry });
    const log = [end.seq, lease.fence, start.total, start.journal_from];
    // One row more in the journal changes nothing else: above all no index.
    const result =
      journal !== null && journal_from === start.journal_from
        ? this.#sql.grow.run(
            total,
            tail_size,
            single_rows,
            journal,
            cursor,
            carry,
            checksum,
            ...log,
          )
        : this.#sql.advance.run(
            ...[total, tail_size, single_rows, journal, cursor, carry, checksum],
            ...[tail_first, single_first, journal_from],
            ...log,
          );
    return result.changes > 0;
  }

  #isNewest({ jobId, fence }: Lease): boolean {
    return this.#sql.fence.get(jobId) === fence;
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
  if (covered !== batch.lines.length) {
    throw new Error(`runs for ${covered} lines came with ${batch.lines.length} lines`);
  }
}

/** What was known of the end of a log is so no more: another server has moved rows, or taken the job. */
class StaleEnd extends Error {}

interface Appended {
  start: LogEnd;
  end: LogEnd;
  /** How often rows had been moved when the append began. */
  folds: number;
  keepCurves: (() => void) | undefined;
}

type Advance = (number | string | Buffer | null)[];

function prepare({ db }: Connection) {
  // By position, for names cost a third more.
  const grown =
    'total = ?, tail_size = ?, single_rows = ?, journal = ?, cursor = ?, carry = ?, checksum = ?';
  const isAtStart = 'seq = ? AND fence = ? AND total = ? AND journal_from IS ? AND complete = 0';
  return {
    end: db.prepare<[string], LogEnd & HeadRow>(`
      SELECT seq, ${headColumns} FROM logs
      WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    // The fence is checked here: under an older lease, or once the log is complete, no row is found.
    grow: db.prepare<Advance>(`UPDATE logs SET ${grown} WHERE ${isAtStart}`),
    advance: db.prepare<Advance>(`
      UPDATE logs SET ${grown}, tail_first = ?, single_first = ?, journal_from = ?
      WHERE ${isAtStart}`),
    held: db
      .prepare<[string, number], number>(
        'SELECT seq FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?) AND fence = ?',
      )
      .pluck(),
    complete: db.prepare<[number, number, number]>(`
      UPDATE logs SET complete = 1, checksum = ? WHERE seq = ? AND fence = ? AND complete = 0`),
    job: db.prepare<[string], { seq: number; id: string; status: JobStatus }>(
      'SELECT seq, id, status FROM jobs WHERE id = ?',
    ),
    fence: db
      .prepare<[string], number>(
        'SELECT fence FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)',
      )
      .pluck(),
    isComplete: db
      .prepare<[string], number>(
        'SELECT complete FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)',
      )
      .pluck(),
    addGap: db.prepare<[number, number, string, number]>(
      'INSERT INTO gaps (seq, line, reason, checksum) VALUES (?, ?, ?, ?)',
    ),
  };
}
