import type { Job, JobPatch, NewJob } from '../core/job.ts';
import type { JobChange, JobStore, Lease } from '../core/store.ts';
import { jobTimes } from './times.ts';

/** Hears of each change; null: of any number of jobs anything may have changed. */
type Listener = (change: JobChange | null) => void;

/** No job has this id. */
const anyJob = '';

/**
 * The job store, and what changes in it, by whichever server. The store's own events are the truth: what
 * this server changes only wakes the reading of them, and a poll is the net for what others do.
 */
export class JobChanges {
  readonly store: JobStore;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The newest change that every listener was told of; null while nobody listens. */
  #seen: number | null = null;
  #poll: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  constructor(store: JobStore) {
    this.store = store;
  }

  /** Every listener was told of all changes up to this one. */
  get seen(): number {
    return this.#seen ?? 0;
  }

  async insert(job: NewJob): Promise<{ job: Job; created: boolean }> {
    const inserted = await this.store.insert(job);
    if (inserted.created) this.#wake();
    return inserted;
  }

  /** Changes a job in one transaction (see the port) and resolves to it as it then is. A driver names its lease. */
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

  /** Calls `heard` at every change of a job, or of any job with null, until the function that comes back is called. */
  listen(id: string | null, heard: Listener): () => void {
    const key = id ?? anyJob;
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    const own: Listener = (change) => heard(change);
    listeners.add(own);
    this.#poll ??= setInterval(() => this.#look(), jobTimes.storePollMs);
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

  /** Changes of one turn of the event loop are read together. */
  #wake(): void {
    if (this.#listeners.size === 0) return;
    this.#soon ??= setImmediate(() => {
      this.#soon = null;
      this.#look();
    });
  }

  #look(): void {
    this.#lookAgain = this.#looking !== null;
    // Where the store cannot be read now, the next poll reads on from the same place.
    this.#looking ??= this.#readOn()
      .catch(() => {})
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
      // Everybody has left, or a first listener has come, meanwhile.
      if (this.#seen !== after || this.#listeners.size === 0) return;
      const last = changes.at(-1);
      this.#seen = after === null || !isWhole ? newest : (last?.seq ?? after);
      // What changed between the first listener's coming and this moment is not known.
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
