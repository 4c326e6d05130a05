import { TrainyardError } from '../../core/errors.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';

/** The jobs that were changed and deleted, up to a change in the store. */
interface TakenChanges {
  /** The jobs that changed; null where any job may have changed. */
  ids: Set<string> | null;
  deleted: Set<string>;
  /** The seq of the last change that is included. */
  upTo: number;
}

/**
 * The jobs that have changed since a watcher last asked. The changes stay in the store, and each watcher reads
 * them from where it stopped, up to 1000 at a time. So nothing queues in memory for a watcher that is far behind.
 */
export class PendingChanges implements Disposable {
  readonly #changes: JobChanges;
  readonly #woken = new Wakeup();
  readonly #unlisten: () => void;
  /** The seq of the last change that was taken; null before the first `take` of a watcher without a cursor. */
  #upTo: number | null;

  /** Begins after the change with the seq `after`; null begins with all jobs. */
  constructor(changes: JobChanges, after: number | null) {
    this.#changes = changes;
    this.#upTo = after;
    this.#unlisten = changes.listen(null, () => this.#woken.wake());
  }

  /** The next changes. Rejects with `CONFLICT` where the store no longer has all changes since the last ones. */
  async take(): Promise<TakenChanges> {
    const after = this.#upTo ?? Number.MAX_SAFE_INTEGER;
    const { changes, newest, isWhole } = await this.#changes.store.changes(after);
    if (this.#upTo === null) {
      this.#upTo = newest;
      return { ids: null, deleted: new Set(), upTo: newest };
    }
    if (!isWhole) throw notKept();
    const ids = new Set<string>();
    const deleted = new Set<string>();
    for (const { jobId, kind } of changes) (kind === 'DELETED' ? deleted : ids).add(jobId);
    this.#upTo = changes.at(-1)?.seq ?? after;
    if (this.#upTo < newest) this.#woken.wake();
    return { ids, deleted, upTo: this.#upTo };
  }

  /** Resolves when there may be more to take, or the signal is aborted. */
  next(signal: AbortSignal): Promise<void> {
    return this.#woken.next(signal);
  }

  [Symbol.dispose](): void {
    this.#unlisten();
  }
}

function notKept(): TrainyardError {
  return new TrainyardError(
    'CONFLICT',
    'Some of the changes since then are no longer stored. Subscribe again without `after`, and list all jobs again.',
  );
}
