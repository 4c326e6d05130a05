import type { Job, JobPatch, NewJob } from '../core/job.ts';
import type { JobStore, Lease } from '../core/store.ts';
import { Hints } from '../lib/async/hints.ts';

const anyJob = Symbol('any job');

/** The job store, with a hint at every change for whoever watches. */
export class JobChanges {
  readonly store: JobStore;
  readonly #hints = new Hints<string | typeof anyJob>();

  constructor(store: JobStore) {
    this.store = store;
  }

  async insert(job: NewJob): Promise<{ job: Job; created: boolean }> {
    const inserted = await this.store.insert(job);
    if (inserted.created) this.#changed(inserted.job.id);
    return inserted;
  }

  /** Changes a job in one transaction (see the port) and resolves to it as it then is. A driver names its lease. */
  async update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease?: Lease,
  ): Promise<Job | null> {
    const updated = await this.store.update(id, change, lease);
    if (updated?.changed) this.#changed(id);
    return updated?.job ?? null;
  }

  /** Calls `heard` at every change that this server makes to a job, or to any job with null. */
  listen(id: string | null, heard: () => void): () => void {
    return this.#hints.listen(id ?? anyJob, heard);
  }

  #changed(id: string): void {
    this.#hints.give(id);
    this.#hints.give(anyJob);
  }
}
