import { hash } from 'node:crypto';
import { TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JobFilter } from '../../core/job.ts';
import type { LogStore } from '../../core/store.ts';
import { abortable } from '../../lib/async/abortable.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';
import { PendingChanges } from './pending-changes.ts';

/** The most jobs that are listed at the beginning: the newest. */
const maxListed = 200;
/** The most jobs of which a watcher remembers what it has told; of the oldest, a state may be told twice. */
const maxKnown = 1000;

/** What has become of a job. `cursor` resumes behind it: whatever was told up to there need not be told again. */
export type WatchedChange = { cursor: string } & ({ job: Job } | { deletedJobId: string });

/** Follows jobs for whoever wants to see them change. */
export class JobWatch {
  readonly #changes: JobChanges;
  readonly #logs: LogStore;
  /** Of this turn of the event loop: read once for all whom one change has woken. */
  readonly #lists = new Map<string, Promise<Versioned[]>>();

  constructor(options: { changes: JobChanges; logs: LogStore }) {
    this.#changes = options.changes;
    this.#logs = options.logs;
  }

  /**
   * The job now, then at every change, until it is over and its log complete, or it is deleted. Changes that
   * come faster than they are read are seen as one. `NOT_FOUND` for an unknown job.
   */
  one(id: string): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#one(id, signal));
  }

  /**
   * The newest 200 jobs of the filter now, then each job of it at every change, once more when it leaves the
   * filter, and what is deleted. With a cursor: instead of all, what has changed since.
   * It ends only with its reader, or with `CONFLICT` where some of the changes since then are not kept any more.
   */
  all(filter: JobFilter, after: string | null): AsyncGenerator<WatchedChange, void, undefined> {
    const from = after === null ? null : parseCursor(after);
    return abortable((signal) => this.#all(filter, from, signal));
  }

  /** As `all`, of the jobs alone. */
  saved(filter: JobFilter): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#saved(filter, signal));
  }

  async *#saved(filter: JobFilter, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    for await (const change of this.#all(filter, null, signal)) {
      if ('job' in change) yield change.job;
    }
  }

  async *#one(id: string, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    const woken = new Wakeup();
    using stack = new DisposableStack();
    stack.defer(this.#changes.listen(id, () => woken.wake()));
    let seen = '';
    while (!signal.aborted) {
      const { complete } = await this.#logs.head(id);
      const job = await this.#changes.store.get(id);
      if (!job && seen === '') throw notFound(id);
      if (!job) return;
      const version = versionOf(job);
      if (version !== seen) yield job;
      seen = version;
      if (isOver(job.status) && complete) return;
      await woken.next(signal);
    }
  }

  async *#all(
    filter: JobFilter,
    after: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<WatchedChange, void, undefined> {
    using pending = new PendingChanges(this.#changes, after);
    const known = new Map<string, string>();
    let told = after ?? 0;
    while (!signal.aborted) {
      const { ids, deleted, upTo } = await pending.take();
      const found: WatchedChange[] = [];
      for (const { job, version } of await this.#list(filter, ids)) {
        if (known.get(job.id) !== version) found.push({ job, cursor: `${told}` });
        remember(known, job.id, version);
        ids?.delete(job.id);
      }
      for (const deletedJobId of deleted) {
        found.push({ deletedJobId, cursor: `${told}` });
        known.delete(deletedJobId);
        ids?.delete(deletedJobId);
      }
      for (const id of ids ?? []) {
        // It was told of, and is no job of the filter any more: how it is now is told once.
        const job = known.delete(id) ? await this.#changes.store.get(id) : null;
        if (job) found.push({ job, cursor: `${told}` });
      }
      told = Math.max(told, upTo);
      // Whoever resumes behind any but the last is told of all of these again.
      const last = found.at(-1);
      if (last) last.cursor = `${told}`;
      yield* found;
      await pending.next(signal);
    }
  }

  /** Jobs of a filter: the newest, or those that have changed. */
  #list(filter: JobFilter, ids: ReadonlySet<string> | null): Promise<Versioned[]> {
    if (ids?.size === 0) return Promise.resolve([]);
    const wanted = ids === null ? filter : { ...filter, ids: [...ids] };
    const key = JSON.stringify([wanted, this.#changes.seen]);
    const shared = this.#lists.get(key);
    if (shared) return shared;
    const limit = ids?.size ?? maxListed;
    const list = this.#changes.store
      .list({ limit, filter: wanted })
      .then(({ jobs }) => jobs.map((job) => ({ job, version: versionOf(job) })));
    this.#lists.set(key, list);
    setImmediate(() => this.#lists.delete(key));
    return list;
  }
}

interface Versioned {
  job: Job;
  version: string;
}

/** Changes with every change of a job, two within one millisecond included. */
function versionOf(job: Job): string {
  return hash('sha1', JSON.stringify(job), 'base64url');
}

function remember(known: Map<string, string>, id: string, version: string): void {
  known.delete(id);
  known.set(id, version);
  const [oldest] = known.keys();
  if (oldest !== undefined && known.size > maxKnown) known.delete(oldest);
}

function parseCursor(cursor: string): number {
  const seq = /^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isNaN(seq)) return seq;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `after is ${JSON.stringify(cursor.slice(0, 200))}; give the cursor of a change, as it was told.`,
  );
}

function notFound(id: string): TrainyardError {
  return new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(id)}.`);
}
