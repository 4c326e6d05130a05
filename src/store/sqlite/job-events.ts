import type { JobStatus } from '../../core/job.ts';
import type { JobChange, JobChangeKind, JobChangePage } from '../../core/store.ts';
import type { Connection } from './connection.ts';

/** The most events of a job; its newest are kept. Older ones do not help a reader who wants its present state. */
const maxEventsPerJob = 100;
/** The most events of all jobs, and up to some hundred more until the next removal of old ones. */
const maxEvents = 100_000;
const pruneEvery = 256;
/** The most events of one page. */
const maxPage = 1000;

/**
 * What changed, in order, written in the transaction of the change. Numbers only grow: the newest event is
 * never removed. How far a job is, is one event a job, the newest, so that it takes no room.
 */
export class JobEvents {
  readonly #connection: Connection;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepare(connection);
  }

  /** Within a transaction: notes one change. */
  add(job: JobKey, kind: JobChangeKind, changed: readonly string[] = []): void {
    const { seq, id, status } = job;
    const replaced = kind === 'PROGRESS' ? this.#sql.progress.get(seq) : undefined;
    const { lastInsertRowid } = this.#sql.add.run({
      job: seq,
      id,
      kind,
      status,
      changed: JSON.stringify(changed),
      time: Date.now(),
    });
    if (kind === 'PROGRESS') {
      if (replaced !== undefined) this.#sql.remove.run(replaced);
      return;
    }
    if (kind === 'DELETED') this.#sql.removeOthers.run(seq, lastInsertRowid);
    else this.#sql.removeOldest.run(seq, maxEventsPerJob);
    if (Number(lastInsertRowid) % pruneEvery === 0) this.#prune();
  }

  /** As `JobStore.changes` promises. */
  page(after: number): Promise<JobChangePage> {
    return this.#connection.read(() => {
      const newest = this.#sql.newest.get() ?? 0;
      const rows = after >= newest ? [] : this.#sql.after.all(after, maxPage);
      const horizon = this.#sql.horizon.get() ?? 0;
      return {
        changes: rows.map(
          ({ changed, ...row }): JobChange => ({ ...row, changed: JSON.parse(changed) }),
        ),
        newest,
        isWhole: after >= horizon && after <= newest,
      };
    });
  }

  #prune(): void {
    const tooMany = (this.#sql.count.get() ?? 0) - maxEvents;
    if (tooMany <= 0) return;
    const last = this.#sql.nth.get(tooMany - 1);
    if (last === undefined) return;
    this.#sql.removeUpTo.run(last);
    this.#sql.setHorizon.run(last);
  }
}

interface JobKey {
  seq: number;
  id: string;
  status: JobStatus;
}

function prepare({ db }: Connection) {
  return {
    add: db.prepare<NewEvent>(`
      INSERT INTO job_events (job, job_id, kind, status, changed, time)
      VALUES (@job, @id, @kind, @status, @changed, @time)`),
    // The newest events of a running job are mostly these.
    progress: db
      .prepare<[number], number>(
        "SELECT seq FROM job_events WHERE job = ? AND kind = 'PROGRESS' ORDER BY seq DESC LIMIT 1",
      )
      .pluck(),
    remove: db.prepare<[number]>('DELETE FROM job_events WHERE seq = ?'),
    removeOthers: db.prepare<[number, number | bigint]>(
      'DELETE FROM job_events WHERE job = ? AND seq < ?',
    ),
    removeOldest: db.prepare<[number, number]>(`
      DELETE FROM job_events WHERE seq IN (
        SELECT seq FROM job_events WHERE job = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`),
    removeUpTo: db.prepare<[number]>('DELETE FROM job_events WHERE seq <= ?'),
    count: db.prepare<[], number>('SELECT count(*) FROM job_events').pluck(),
    nth: db
      .prepare<[number], number>('SELECT seq FROM job_events ORDER BY seq LIMIT 1 OFFSET ?')
      .pluck(),
    newest: db.prepare<[], number>('SELECT max(seq) FROM job_events').pluck(),
    horizon: db.prepare<[], number>('SELECT seq FROM job_event_horizon').pluck(),
    setHorizon: db.prepare<[number]>('UPDATE job_event_horizon SET seq = ?'),
    after: db.prepare<[number, number], Omit<JobChange, 'changed'> & { changed: string }>(`
      SELECT seq, job_id AS jobId, kind, status, changed, time FROM job_events
      WHERE seq > ? ORDER BY seq LIMIT ?`),
  };
}

interface NewEvent {
  job: number;
  id: string;
  kind: JobChangeKind;
  status: JobStatus;
  changed: string;
  time: number;
}
