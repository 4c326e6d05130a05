import { TrainyardError } from '../../core/errors.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';

/** Jobs that have changed or were deleted, up to an event. */
interface TakenChanges {
  /** Null: any job may have changed. */
  ids: Set<string> | null;
  deleted: Set<string>;
  upTo: number;
}

/**
 * Which jobs have changed since a watcher last looked. The store keeps the changes, and the watcher reads on
 * from its own place, a page of up to 1000 at a time: however far behind it is, nothing waits for it in memory.
 */
export class PendingChanges implements Disposable {
  readonly #changes: JobChanges;
  readonly #woken = new Wakeup();
  readonly #unlisten: () => void;
  /** The newest change that was taken; null at the beginning, when nothing is known. */
  #upTo: number | null;

  /** Begins with what has changed since a cursor; with null, with any job. */
  constructor(changes: JobChanges, after: number | null) {
    this.#changes = changes;
    this.#upTo = after;
    this.#unlisten = changes.listen(null, () => this.#woken.wake());
  }

  /** What has changed next. Rejects with `CONFLICT` where the store no longer keeps all changes since the last ones. */
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
    'Some of the changes since then are not kept any more. Subscribe again without `after`, and list the jobs anew.',
  );
}
