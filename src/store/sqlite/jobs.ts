import { isDeepStrictEqual } from 'node:util';
import { TrainyardError } from '../../core/errors.ts';
import type { Job, JobFilter, JobPatch, JobStatus, NewJob } from '../../core/job.ts';
import { isOver } from '../../core/job.ts';
import type {
  JobChangePage,
  JobListOptions,
  JobPage,
  JobStore,
  Lease,
  OrderedJobPage,
  OrderedListOptions,
} from '../../core/store.ts';
import type { Connection } from './connection.ts';
import type { Eraser } from './eraser.ts';
import { JobEvents } from './job-events.ts';
import { type Matching, matches, matchingOf } from './job-filter.ts';
import {
  changedRow,
  type JobRow,
  jobOf,
  labelKeys,
  labelsRow,
  newRow,
  patchKeys,
} from './job-row.ts';
import { JobSecrets } from './job-secrets.ts';
import { OrderedJobs } from './ordered-jobs.ts';
import type { Purger } from './purge.ts';

/** Intents and ends: where one of them changes, it must outlive a power cut. All else is told again. */
const syncedKeys = [
  'status',
  'externalId',
  'cancelRequestedAt',
  'cancelByForce',
  'cancelledAt',
  'logGivenUpAt',
  'finishedAt',
] as const;

/** How far a job is: changes of these alone are `PROGRESS`. */
const progressKeys: readonly string[] = [
  'progress',
  'cost',
  'waitsFor',
] satisfies readonly (keyof Job)[];

/** The jobs of a SQLite store. */
export class SqliteJobs implements JobStore {
  readonly #connection: Connection;
  readonly #purger: Purger;
  readonly #secrets: JobSecrets;
  readonly #events: JobEvents;
  readonly #ordered: OrderedJobs;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection, parts: { purger: Purger; eraser: Eraser }) {
    this.#events = new JobEvents(connection);
    this.#connection = connection;
    this.#ordered = new OrderedJobs(connection);
    this.#purger = parts.purger;
    this.#secrets = new JobSecrets(connection, parts.eraser);
    this.#sql = prepare(connection);
  }

  insert(job: NewJob): Promise<{ job: Job; created: boolean }> {
    return this.#connection.write(() => this.#insert(job), { synced: () => true });
  }

  get(id: string): Promise<Job | null> {
    return this.#connection.read(() => this.#get(id));
  }

  findByKey(idempotencyKey: string): Promise<Job | null> {
    return this.#connection.read(() => {
      const row = this.#sql.byKey.get(idempotencyKey);
      return row === undefined ? null : jobOf(row);
    });
  }

  async update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease?: Lease,
  ): Promise<{ job: Job; changed: boolean } | null> {
    const updated = await this.#connection.write(() => this.#update(id, change, lease), {
      synced: (result) => result !== null && syncedKeys.some((key) => result.keys.includes(key)),
    });
    return updated && { job: updated.job, changed: updated.keys.length > 0 };
  }

  list(options: JobListOptions): Promise<JobPage> {
    return this.#connection.read(() => this.#list(options));
  }

  listOrdered(options: OrderedListOptions): Promise<OrderedJobPage> {
    return this.#connection.read(() => this.#ordered.page(options));
  }

  counts(filter: JobFilter): Promise<Map<JobStatus, number>> {
    return this.#connection.read(
      () => new Map(this.#sql.counts.all(matchingOf(filter)).map((row) => [row.status, row.count])),
    );
  }

  unfinished(): Promise<Job[]> {
    return this.#connection.read(() => this.#sql.unfinished.all().map(jobOf));
  }

  async delete(id: string): Promise<boolean> {
    const found = await this.#connection.write(() => this.#forget(id), {
      synced: (isGone) => isGone,
    });
    if (!found) return false;
    await this.#purger.purge();
    return true;
  }

  changes(after: number): Promise<JobChangePage> {
    return this.#events.page(after);
  }

  #insert(job: NewJob): { job: Job; created: boolean } {
    const holder =
      job.idempotencyKey === null ? undefined : this.#sql.byKey.get(job.idempotencyKey);
    if (holder !== undefined) return { job: jobOf(holder), created: false };
    const row = this.#sql.insert.get(newRow(job, Date.now()));
    if (row === undefined) throw new Error(`job ${job.id} was not inserted`);
    this.#sql.insertLog.run(row.seq);
    this.#events.add(row, 'CREATED');
    this.#secrets.keep(row.seq, { before: {}, now: job.options });
    const env = job.options.env === undefined ? null : JSON.stringify(job.options.env);
    return { job: jobOf({ ...row, env }), created: true };
  }

  #get(id: string): Job | null {
    const row = this.#sql.byId.get(id);
    return row === undefined ? null : jobOf(row);
  }

  #update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease: Lease | undefined,
  ): Updated | null {
    const job = this.#get(id);
    if (job === null) return null;
    if (lease !== undefined && this.#sql.fence.get(job.seq) !== lease.fence) {
      throw new TrainyardError('CONFLICT', `the job ${id} is driven by another server`);
    }
    const updated = applyPatch(job, change(structuredClone(job)));
    const { keys } = updated;
    if (keys.length === 0) return updated;
    const update = keys.includes('status') ? this.#sql.updateAll : this.#sql.update;
    update.run(changedRow(updated.job));
    if (labelKeys.some((key) => keys.includes(key))) this.#sql.label.run(labelsRow(updated.job));
    this.#secrets.keep(job.seq, { before: job.options, now: updated.job.options });
    const isProgress = keys.every((key) => progressKeys.includes(key));
    this.#events.add(updated.job, isProgress ? 'PROGRESS' : 'CHANGED', keys);
    return updated;
  }

  #list({ limit, after, before, fromEnd = false, filter }: JobListOptions): JobPage {
    const matching = matchingOf(filter);
    const below = after ?? Number.MAX_SAFE_INTEGER;
    const above = before ?? 0;
    const window = { ...matching, below, above, limit };
    const rows = fromEnd ? this.#sql.lastPage.all(window) : this.#sql.firstPage.all(window);
    const totalCount = this.#sql.count.get(matching) ?? 0;
    const jobs = rows.map(jobOf);
    if (totalCount === jobs.length) {
      return { jobs, hasNextPage: false, hasPreviousPage: false, totalCount };
    }
    // An empty page lies at the edge that it was asked from.
    const oldest = rows.at(-1)?.seq ?? (fromEnd ? above + 1 : below);
    const newest = rows.at(0)?.seq ?? (fromEnd ? above : below - 1);
    return {
      jobs,
      hasNextPage: this.#sql.hasOlder.get({ ...matching, seq: oldest }) !== undefined,
      hasPreviousPage: this.#sql.hasNewer.get({ ...matching, seq: newest }) !== undefined,
      totalCount,
    };
  }

  /** Removes the job for its readers and notes that its lines are to follow. */
  #forget(id: string): boolean {
    const row = this.#sql.byId.get(id);
    if (row === undefined) return false;
    this.#sql.deleteLog.run(row.seq);
    this.#sql.deleteJob.run(row.seq);
    this.#secrets.erase(row.seq);
    this.#purger.note(row.seq);
    this.#events.add(row, 'DELETED');
    return true;
  }
}

/** The job as it then is, and what of it changed. */
function applyPatch(job: Job, patch: JobPatch | null): Updated {
  const keys = patchKeys.filter((key) => {
    if (key === 'status' && isOver(job.status)) return false;
    return patch?.[key] !== undefined && !isDeepStrictEqual(patch[key], job[key]);
  });
  if (keys.length === 0) return { job, keys };
  const patched: Job = { ...job, updatedAt: Math.max(job.updatedAt, Date.now()) };
  for (const key of keys) Object.assign(patched, { [key]: patch?.[key] });
  return { job: patched, keys };
}

interface Updated {
  job: Job;
  keys: (typeof patchKeys)[number][];
}

interface Window extends Matching {
  above: number;
  below: number;
  limit: number;
}

function prepare({ db }: Connection) {
  // SQLite writes an index anew whenever a column of it is set, be it to the same value.
  const unindexed = `external_id = @external_id, stale = @stale, waits_for = @waits_for,
    started_at = @started_at, finished_at = @finished_at,
    cancel_requested_at = @cancel_requested_at, cancel_by_force = @cancel_by_force,
    cancelled_at = @cancelled_at, log_given_up_at = @log_given_up_at,
    updated_at = @updated_at, provider_status = @provider_status, console_url = @console_url,
    options = @options, progress = @progress, cost = @cost, failure = @failure, notice = @notice`;
  return {
    byId: db.prepare<[string], JobRow>('SELECT * FROM whole_jobs WHERE id = ?'),
    byKey: db.prepare<[string], JobRow>('SELECT * FROM whole_jobs WHERE idempotency_key = ?'),
    insert: db.prepare<ReturnType<typeof newRow>, JobRow>(`
      INSERT INTO jobs (id, provider, status, search, idempotency_key, created_at, updated_at,
        name, recipe, model_name, dataset_path, config, options, provider_kind, created_by,
        rerun_of, tags, note)
      VALUES (@id, @provider, 'QUEUED', @search, @idempotency_key, @now, @now,
        @name, @recipe, @model_name, @dataset_path, @config, @options, @provider_kind,
        @created_by, @rerun_of, @tags, @note)
      RETURNING *`),
    fence: db.prepare<[number], number>('SELECT fence FROM logs WHERE seq = ?').pluck(),
    insertLog: db.prepare<[number]>('INSERT INTO logs (seq) VALUES (?)'),
    update: db.prepare<ReturnType<typeof changedRow>>(
      `UPDATE jobs SET ${unindexed} WHERE seq = @seq`,
    ),
    updateAll: db.prepare<ReturnType<typeof changedRow>>(
      `UPDATE jobs SET status = @status, ${unindexed} WHERE seq = @seq`,
    ),
    label: db.prepare<ReturnType<typeof labelsRow>>(`
      UPDATE jobs SET name = @name, search = @search, tags = @tags, note = @note, pinned = @pinned
      WHERE seq = @seq`),
    firstPage: db.prepare<Window, JobRow>(`
      SELECT * FROM whole_jobs WHERE seq IN (
        SELECT seq FROM jobs INDEXED BY jobs_overview
        WHERE seq > @above AND seq < @below AND ${matches} ORDER BY seq DESC LIMIT @limit)
      ORDER BY seq DESC`),
    lastPage: db.prepare<Window, JobRow>(`
      SELECT * FROM whole_jobs WHERE seq IN (
        SELECT seq FROM jobs INDEXED BY jobs_overview
        WHERE seq > @above AND seq < @below AND ${matches} ORDER BY seq LIMIT @limit)
      ORDER BY seq DESC`),
    hasOlder: db.prepare<Matching & { seq: number }>(`
      SELECT 1 FROM jobs INDEXED BY jobs_overview WHERE seq < @seq AND ${matches} LIMIT 1`),
    hasNewer: db.prepare<Matching & { seq: number }>(`
      SELECT 1 FROM jobs INDEXED BY jobs_overview WHERE seq > @seq AND ${matches} LIMIT 1`),
    count: db
      .prepare<Matching, number>(`
      SELECT count(*) FROM jobs INDEXED BY jobs_overview WHERE ${matches}`)
      .pluck(),
    counts: db.prepare<Matching, { status: JobStatus; count: number }>(`
      SELECT status, count(*) AS count FROM jobs INDEXED BY jobs_overview WHERE ${matches}
      GROUP BY status`),
    unfinished: db.prepare<[], JobRow>(`
      SELECT * FROM whole_jobs WHERE seq IN (
        SELECT seq FROM jobs INDEXED BY jobs_live
        WHERE status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'LOST')
        UNION SELECT seq FROM logs INDEXED BY logs_open WHERE complete = 0)
      ORDER BY seq`),
    deleteLog: db.prepare<[number]>('DELETE FROM logs WHERE seq = ?'),
    deleteJob: db.prepare<[number]>('DELETE FROM jobs WHERE seq = ?'),
  };
}
