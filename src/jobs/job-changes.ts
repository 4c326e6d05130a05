import { once } from 'node:events';
import type { Job, JobPatch, NewJob } from '../core/job.ts';
import type { JobStore } from '../core/store.ts';
import { Hints } from '../lib/async/hints.ts';

const anyJob = Symbol('any job');

/** The job store, with a hint at every change for whoever watches. */
export class JobChanges {
  readonly store: JobStore;
  readonly #hints = new Hints<string | typeof anyJob>();
  readonly #cancels = new Map<string, Promise<unknown>>();

  constructor(store: JobStore) {
    this.store = store;
  }

  async insert(job: NewJob): Promise<{ job: Job; created: boolean }> {
    const inserted = await this.store.insert(job);
    if (inserted.created) this.#changed(inserted.job.id);
    return inserted;
  }

  /** Changes a job in one transaction (see the port) and resolves to it as it then is. */
  async update(id: string, change: (job: Job) => JobPatch | null): Promise<Job | null> {
    const updated = await this.store.update(id, change);
    if (updated?.changed) this.#changed(id);
    return updated?.job ?? null;
  }

  /** Asks for the end of a job; until that has been answered, and the answer saved, `cancelAnswered` waits. */
  async cancelling<T>(id: string, ask: () => Promise<T>): Promise<T> {
    const asking = ask();
    const all = Promise.allSettled([asking, this.#cancels.get(id)]);
    this.#cancels.set(id, all);
    try {
      return await asking;
    } finally {
      if (this.#cancels.get(id) === all) this.#cancels.delete(id);
    }
  }

  /** Resolves when no cancel of this job is under way, or the signal is aborted. */
  async cancelAnswered(id: string, signal: AbortSignal): Promise<void> {
    const asking = this.#cancels.get(id);
    if (!asking || signal.aborted) return;
    const enough = new AbortController();
    // It rejects when it is no longer waited for.
    const aborted = once(signal, 'abort', { signal: enough.signal }).catch(() => {});
    await Promise.race([asking, aborted]);
    enough.abort();
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
