import type { Database, Transaction } from 'better-sqlite3';
import { retryWhileLocked } from './retry.ts';

export interface WriteOptions {
  /** The transaction is on the disk, not only in the system's cache, before the call resolves. */
  synced: boolean;
}

/**
 * The one SQLite connection of a store. Work is synchronous and runs at once; only where another
 * process holds the lock it is tried again, without blocking the event loop in between.
 */
export class Connection {
  readonly db: Database;
  readonly #lockWaitMs: number;
  readonly #closing = new AbortController();
  readonly #transaction: Transaction<(work: () => unknown) => unknown>;

  constructor(db: Database, options: { lockWaitMs: number }) {
    this.db = db;
    this.#lockWaitMs = options.lockWaitMs;
    this.#transaction = db.transaction((work: () => unknown) => work());
  }

  /** Aborted when the store closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Runs reading work. */
  read<T>(work: () => T): Promise<T> {
    return this.#attempt(work);
  }

  /** Runs work in one transaction that holds the write lock from its start: all of it is done, or nothing. */
  write<T>(work: () => T, options: WriteOptions = { synced: false }): Promise<T> {
    return this.#attempt(() => (options.synced ? this.#synced(work) : this.#commit(work)));
  }

  /** Runs work as `write` does, once and at once, also after `stop`; a failure is left to be. */
  writeOnce(work: () => void): void {
    try {
      this.#commit(work);
    } catch {
      // Nobody waits for it.
    }
  }

  /** From now on, all work, waiting work too, fails with `STORE_UNAVAILABLE`. */
  stop(): void {
    this.#closing.abort();
  }

  /** Closing twice is fine. */
  close(): void {
    this.stop();
    this.db.close();
  }

  #attempt<T>(work: () => T): Promise<T> {
    return retryWhileLocked(work, {
      path: this.db.name,
      lockWaitMs: this.#lockWaitMs,
      signal: this.closing,
    });
  }

  #commit<T>(work: () => T): T {
    let result: { value: T } | undefined;
    this.#transaction.immediate(() => {
      result = { value: work() };
    });
    if (result === undefined) throw new Error('a transaction ended without its work');
    return result.value;
  }

  #synced<T>(work: () => T): T {
    this.db.pragma('synchronous = FULL');
    try {
      return this.#commit(work);
    } finally {
      this.db.pragma('synchronous = NORMAL');
    }
  }
}
