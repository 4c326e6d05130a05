import { TrainyardError } from '../core/errors.ts';
import { isOver, type Job, type JobFilter } from '../core/job.ts';
import type { JobListOptions, JobPage, LogStore } from '../core/store.ts';
import { abortable } from '../lib/async/abortable.ts';
import { Wakeup } from '../lib/async/wakeup.ts';
import { withinTime } from './ask/within-time.ts';
import type { JobChanges } from './job-changes.ts';
import type { Providers } from './providers.ts';

/** How often watched jobs are looked at without a hint: another server may change them. */
const pollMs = 1000;
/** The most jobs that one subscription to many jobs follows: the newest. */
const maxWatched = 200;

/** Looks jobs up, lists, watches and deletes them. */
export class Jobs {
  readonly #changes: JobChanges;
  readonly #logs: LogStore;
  readonly #providers: Providers;
  /** Of this turn of the event loop, since the last change. */
  readonly #lists = new Map<string, Promise<{ job: Job; version: string }[]>>();

  constructor(options: { changes: JobChanges; logs: LogStore; providers: Providers }) {
    this.#changes = options.changes;
    this.#logs = options.logs;
    this.#providers = options.providers;
    this.#changes.listen(null, () => this.#lists.clear());
  }

  find(id: string): Promise<Job | null> {
    return this.#changes.store.get(id);
  }

  /** A page of jobs, newest first. */
  list(options: JobListOptions): Promise<JobPage> {
    return this.#changes.store.list(options);
  }

  /**
   * Removes an ended job with its log, and whatever its provider still holds for it. `CONFLICT` where it
   * is not over, or its log not yet complete; the provider's error where that gives nothing back.
   */
  async delete(id: string): Promise<void> {
    const job = await this.find(id);
    if (!job) throw notFound(id);
    const { complete } = await this.#logs.head(id);
    if (!isOver(job.status) || !complete) {
      const message = isOver(job.status)
        ? `The log of job ${id} is not complete yet; wait until it is, or give up the rest of it (cancelJob with force), then delete the job.`
        : `The job ${id} is ${job.status}; only an ended job can be deleted. Cancel it, or wait.`;
      throw new TrainyardError('CONFLICT', message, { details: { jobId: id } });
    }
    await this.#giveBack(job);
    await this.#changes.store.delete(id);
  }

  /** Once the job is forgotten, nobody would know what is still held for it. */
  async #giveBack(job: Job): Promise<void> {
    const provider = this.#providers.find(job.provider);
    if (!provider?.release) return;
    await withinTime(`give back what the job ${job.id} held`, async (signal) => {
      const externalId = job.externalId ?? (await provider.find(job, signal));
      if (externalId !== null) await provider.release?.({ jobId: job.id, externalId }, signal);
    });
  }

  /**
   * The job now, then at every change, until it is over and its log complete. Changes that come
   * faster than they are read are seen as one. `NOT_FOUND` for an unknown job.
   */
  watch(id: string): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#watchOne(id, signal));
  }

  /** The newest jobs of the filter now, then each at every change; ends only with its reader. */
  watchAll(filter: JobFilter): AsyncGenerator<Job, void, undefined> {
    return abortable((signal) => this.#watchAll(filter, signal));
  }

  async *#watchOne(id: string, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    using hinted = this.#hinted(id);
    let seen = '';
    while (!signal.aborted) {
      const { complete } = await this.#logs.head(id);
      const job = await this.find(id);
      if (!job && seen === '') throw notFound(id);
      if (!job) return;
      const version = versionOf(job);
      if (version !== seen) yield job;
      seen = version;
      if (isOver(job.status) && complete) return;
      await hinted.next(signal);
    }
  }

  async *#watchAll(filter: JobFilter, signal: AbortSignal): AsyncGenerator<Job, void, undefined> {
    using hinted = this.#hinted(null);
    let seen = new Map<string, string>();
    while (!signal.aborted) {
      const newest = await this.#newest(filter);
      for (const { job, version } of newest) if (seen.get(job.id) !== version) yield job;
      seen = new Map(newest.map(({ job, version }) => [job.id, version]));
      await hinted.next(signal);
    }
  }

  /** The newest jobs of a filter, read once for all whom one change has woken. */
  #newest(filter: JobFilter): Promise<{ job: Job; version: string }[]> {
    const key = JSON.stringify(filter);
    const shared = this.#lists.get(key);
    if (shared) return shared;
    const list = this.#changes.store
      .list({ limit: maxWatched, filter })
      .then(({ jobs }) => jobs.map((job) => ({ job, version: versionOf(job) })));
    this.#lists.set(key, list);
    setImmediate(() => this.#lists.delete(key));
    return list;
  }

  #hinted(id: string | null): Wakeup & Disposable {
    const wakeup = new Wakeup();
    const unlisten = this.#changes.listen(id, () => wakeup.wake());
    const poll = setInterval(() => wakeup.wake(), pollMs);
    return Object.assign(wakeup, {
      [Symbol.dispose]() {
        unlisten();
        clearInterval(poll);
      },
    });
  }
}

/** Changes with every change of a job, two within one millisecond included. */
function versionOf(job: Job): string {
  return JSON.stringify(job);
}

function notFound(id: string): TrainyardError {
  return new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(id)}.`);
}
