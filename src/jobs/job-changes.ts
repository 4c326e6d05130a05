import { codeOf } from '../core/errors.ts';
import type { Job, JobPatch, NewJob } from '../core/job.ts';
import type { JobChange, JobStore, Lease } from '../core/store.ts';
import type { Logger } from '../lib/system/logger.ts';
import { jobTimes } from './times.ts';

/** Called with each change. Null means that any number of jobs may have changed in any way. */
type Listener = (change: JobChange | null) => void;

/** The key of those who listen to every job; no job has this id. */
const anyJob = '';

/**
 * The job store, and the news of every change in it, whichever server made it. The changes are read from the
 * store: at once after a change by this server, and every `storePollMs` (see `JobTimes`) for those by others.
 */
export class JobChanges {
  readonly store: JobStore;
  readonly #pollMs: number;
  readonly #logger: Logger | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The seq of the newest change that all listeners were told of; null while nobody listens. */
  #seen: number | null = null;
  #poll: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  constructor(store: JobStore, { storePollMs } = jobTimes, logger?: Logger) {
    this.store = store;
    this.#pollMs = storePollMs;
    this.#logger = logger;
  }

  /** The seq up to which listeners were told of every change; 0 while nobody listens. */
  get seen(): number {
    return this.#seen ?? 0;
  }

  async insert(job: NewJob): Promise<{ job: Job; created: boolean }> {
    const inserted = await this.store.insert(job);
    if (inserted.created) this.#wake();
    return inserted;
  }

  /**
   * Changes a job in one transaction, as `JobStore.update` does, and resolves to the job as it then is; null for
   * an unknown one. A driver passes its lease.
   */
  async update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease?: Lease,
  ): Promise<Job | null> {
    const updated = await this.store.update(id, change, lease);
    if (updated?.changed) this.#wake();
    return updated?.job ?? null;
  }

  async delete(id: string): Promise<boolean> {
    const deleted = await this.store.delete(id);
    if (deleted) this.#wake();
    return deleted;
  }

  /**
   * Calls `heard` at every change of a job, or, where `id` is null, of any job. Returns the function that ends
   * this.
   */
  listen(id: string | null, heard: Listener): () => void {
    const key = id ?? anyJob;
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    const own: Listener = (change) => heard(change);
    listeners.add(own);
    this.#poll ??= setInterval(() => this.#look(), this.#pollMs);
    if (this.#seen === null) this.#wake();
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners)
        this.#listeners.delete(key);
      if (this.#listeners.size === 0) this.#rest();
    };
  }

  #rest(): void {
    if (this.#poll) clearInterval(this.#poll);
    if (this.#soon) clearImmediate(this.#soon);
    this.#poll = null;
    this.#soon = null;
    this.#seen = null;
  }

  /** Reads in the next turn of the event loop, so that all changes of this turn are read together. */
  #wake(): void {
    if (this.#listeners.size === 0) return;
    this.#soon ??= setImmediate(() => {
      this.#soon = null;
      this.#look();
    });
  }

  #look(): void {
    this.#lookAgain = this.#looking !== null;
    this.#looking ??= this.#readOn()
      .catch((error: unknown) => {
        // A store that cannot be read now says so itself; the next poll continues after the last change that was told.
        if (codeOf(error) === 'STORE_UNAVAILABLE') return;
        this.#logger?.error({ err: error }, 'a change of a job could not be told');
      })
      .finally(() => {
        this.#looking = null;
        if (this.#lookAgain) this.#look();
      });
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const after = this.#seen;
      const { changes, newest, isWhole } = await this.store.changes(
        after ?? Number.MAX_SAFE_INTEGER,
      );
      // Meanwhile the last listener has left, or a first one has come.
      if (this.#seen !== after || this.#listeners.size === 0) return;
      const last = changes.at(-1);
      this.#seen = after === null || !isWhole ? newest : (last?.seq ?? after);
      // Nobody knows what changed between the arrival of the first listener and this reading.
      if (after === null || !isWhole) this.#tellAll();
      else for (const change of changes) this.#tell(change);
      if (this.#seen >= newest) return;
    }
  }

  #tell(change: JobChange): void {
    for (const key of [change.jobId, anyJob]) {
      for (const heard of [...(this.#listeners.get(key) ?? [])]) heard(change);
    }
  }

  #tellAll(): void {
    for (const listeners of [...this.#listeners.values()]) {
      for (const heard of [...listeners]) heard(null);
    }
  }
}
