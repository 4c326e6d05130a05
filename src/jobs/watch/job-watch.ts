import { hash } from 'node:crypto';
import { TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JobFilter } from '../../core/job.ts';
import type { LogStore } from '../../core/store.ts';
import { abortable } from '../../lib/async/abortable.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';
import { PendingChanges } from './pending-changes.ts';

/** The most jobs that are listed at the beginning; these are the newest. */
const maxListed = 200;
/** The most jobs whose last state a watcher remembers. It may yield the same state of an older job twice. */
const maxKnown = 1000;

/** A job that changed or was deleted. A watch that resumes at `cursor` goes on after this change. */
export type WatchedChange = { cursor: string } & ({ job: Job } | { deletedJobId: string });

/** Resolves when a watcher may do some milliseconds of work: many wait for the same change. */
type Turn = () => Promise<void>;

const atOnce: Turn = () => Promise.resolve();

interface WatchOptions {
  filter: JobFilter;
  /** A text that is different for any two callers. Only watchers with the same text share what they read. */
  who: string;
  /** The cursor of the last change that was seen; null to begin with the jobs as they are. */
  after: string | null;
  turn?: Turn;
}

/** Yields jobs as they change, for subscriptions. */
export class JobWatch {
  readonly #changes: JobChanges;
  readonly #logs: LogStore;
  /** The lists of this turn of the event loop. Watchers of one caller that the same change has woken share them. */
  readonly #lists = new Map<string, Promise<Versioned[]>>();

  constructor(options: { changes: JobChanges; logs: LogStore }) {
    this.#changes = options.changes;
    this.#logs = options.logs;
  }

  /**
   * Yields the job now and after every change. Ends when the job is over and its log is complete, or when the job
   * is deleted. Changes that come faster than they are read are yielded as one. Throws `NOT_FOUND` for an unknown
   * job.
   */
  one(id: string, turn = atOnce): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#one(id, turn, signal));
  }

  /**
   * Yields the newest 200 jobs of the filter, or with a cursor those that have changed since. Then it yields each
   * job of the filter after every change, a job that leaves the filter once more, and the ids of deleted jobs.
   * Ends only with its reader. Throws `BAD_USER_INPUT` for what is not a cursor, and `CONFLICT` where the store no
   * longer has all changes since the cursor.
   */
  all(options: WatchOptions): AsyncGenerator<WatchedChange, void, undefined> {
    const { after } = options;
    const from = after === null ? null : parseCursor(after);
    return abortable((signal) => this.#all(options, from, signal));
  }

  /** As `all` without a cursor, and without deleted jobs. */
  saved(watched: Watched): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#saved(watched, signal));
  }

  async *#saved(watched: Watched, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    for await (const change of this.#all(watched, null, signal)) {
      if ('job' in change) yield change.job;
    }
  }

  async *#one(id: string, turn: Turn, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    const woken = new Wakeup();
    using stack = new DisposableStack();
    stack.defer(this.#changes.listen(id, () => woken.wake()));
    let seen = '';
    while (!signal.aborted) {
      await turn();
      const { complete } = await this.#logs.extent(id);
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
    watched: Watched,
    from: number | null,
    signal: AbortSignal,
  ): AsyncGenerator<WatchedChange, void, undefined> {
    const { turn = atOnce } = watched;
    using pending = new PendingChanges(this.#changes, from);
    const known = new Map<string, string>();
    let told = from ?? 0;
    while (!signal.aborted) {
      await turn();
      const { ids, deleted, upTo } = await pending.take();
      const found: WatchedChange[] = [];
      for (const { job, version } of await this.#list(watched, ids)) {
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
        // A job that was yielded before and has left the filter is yielded once more.
        const job = known.delete(id) ? await this.#changes.store.get(id) : null;
        if (job) found.push({ job, cursor: `${told}` });
      }
      told = Math.max(told, upTo);
      // Only the last one carries the new cursor: a reader that stopped earlier gets all of these again.
      const last = found.at(-1);
      if (last) last.cursor = `${told}`;
      yield* found;
      await pending.next(signal);
    }
  }

  /** The newest jobs of a filter, or those of its jobs that have changed. */
  #list({ filter, who }: Watched, ids: ReadonlySet<string> | null): Promise<Versioned[]> {
    if (ids?.size === 0) return Promise.resolve([]);
    const changed = ids === null ? null : idsIn(filter, ids);
    const wanted = changed === null ? filter : { ...filter, ids: changed };
    const key = JSON.stringify([who, wanted, this.#changes.seen]);
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

type Watched = Omit<WatchOptions, 'after'>;

interface Versioned {
  job: Job;
  version: string;
}

/** A hash of the whole job, because two changes within one millisecond have the same time. */
function versionOf(job: Job): string {
  return hash('sha1', JSON.stringify(job), 'base64url');
}

/** Those of some ids that a filter may let pass. */
function idsIn(filter: JobFilter, ids: ReadonlySet<string>): string[] {
  return filter.ids ? filter.ids.filter((id) => ids.has(id)) : [...ids];
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
    `after is ${JSON.stringify(cursor.slice(0, 200))}; it must be the cursor of a change, unaltered.`,
  );
}

function notFound(id: string): TrainyardError {
  return new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(id)}.`);
}
