import type { JobChange } from '../../core/store.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';

/** So many changed jobs may wait for one watcher; where there are more, all jobs are listed anew. */
const maxPending = 500;

/** Which jobs have changed since a watcher last looked. */
export class PendingChanges implements Disposable {
  readonly #changes: JobChanges;
  readonly #woken = new Wakeup();
  readonly #unlisten: () => void;
  /** Null: any job may have changed. At the beginning nothing is known. */
  #ids: Set<string> | null = null;
  #deleted = new Set<string>();
  #upTo = 0;
  /** The store has changes behind `#upTo` that nobody has told of. */
  #isBehind = false;

  constructor(changes: JobChanges) {
    this.#changes = changes;
    this.#unlisten = changes.listen(null, (change) => this.#hear(change));
  }

  /** Begins with what has changed since a cursor; with null, with any job. */
  async begin(after: number | null): Promise<void> {
    if (after !== null) this.#ids = new Set();
    this.#upTo = after ?? (await this.#changes.store.changes(Number.MAX_SAFE_INTEGER)).newest;
    this.#isBehind = true;
  }

  /** What has changed up to an event, and from now on is not pending any more. */
  async take(): Promise<{ ids: Set<string> | null; deleted: Set<string>; upTo: number }> {
    if (this.#isBehind) await this.#readOn();
    const taken = { ids: this.#ids, deleted: this.#deleted, upTo: this.#upTo };
    this.#ids = new Set();
    this.#deleted = new Set();
    return taken;
  }

  /** Resolves when something is pending, or the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return this.#woken.next(signal);
  }

  [Symbol.dispose](): void {
    this.#unlisten();
  }

  /** Takes up what the store has behind the last change that was noted; where that is not known any more, any job may have changed. */
  async #readOn(): Promise<void> {
    this.#isBehind = false;
    for (;;) {
      const from = this.#upTo;
      const { changes, newest, isWhole } = await this.#changes.store.changes(from);
      for (const change of changes) this.#note(change);
      if (!isWhole) this.#ids = null;
      this.#upTo = Math.max(this.#upTo, isWhole ? (changes.at(-1)?.seq ?? from) : newest);
      if (this.#upTo >= newest) return;
    }
  }

  #hear(change: JobChange | null): void {
    if (change === null) this.#isBehind = true;
    else this.#note(change);
    // What lies between is read first: nobody may resume behind what was not told.
    if (change && !this.#isBehind) this.#upTo = Math.max(this.#upTo, change.seq);
    this.#woken.wake();
  }

  #note({ jobId, kind }: JobChange): void {
    if (kind === 'DELETED') this.#deleted.add(jobId);
    else this.#ids?.add(jobId);
    if (this.#ids && this.#ids.size > maxPending) this.#ids = null;
    // Whoever lists anew finds that they are gone.
    if (this.#deleted.size > maxPending) this.#deleted.clear();
  }
}
