import type { Database, Statement } from 'better-sqlite3';
import { unwritable } from './errors.ts';
import { type RetryOptions, retryWhileLocked } from './retry.ts';
import { WalSync } from './wal-sync.ts';

export interface WriteOptions<T> {
  /** Whether the transaction is to be on the disk, not only in the system's cache, before the call resolves. */
  synced: (result: T) => boolean;
}

/**
 * The one SQLite connection of a store. Work is synchronous and runs at once; only where another
 * process holds the lock it is tried again, without blocking the event loop in between.
 */
export class Connection {
  readonly db: Database;
  readonly #retry: RetryOptions;
  readonly #closing = new AbortController();
  readonly #begin: Statement;
  readonly #end: Statement;
  readonly #undo: Statement;
  readonly #wal: WalSync;
  /** The disk has not taken something that was to be on it: who tries that again may find it done, and must wait all the same. */
  #isOwed = false;

  constructor(db: Database, options: { lockWaitMs: number }) {
    this.db = db;
    this.#retry = {
      path: db.name,
      lockWaitMs: options.lockWaitMs,
      signal: this.#closing.signal,
    };
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#end = db.prepare('COMMIT');
    this.#undo = db.prepare('ROLLBACK');
    this.#wal = new WalSync(db.name);
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
  async write<T>(work: () => T, options?: WriteOptions<T>): Promise<T> {
    const result = await this.#attempt(() => this.#commit(work));
    if (options && (this.#isOwed || options.synced(result))) await this.flush();
    return result;
  }

  /** Runs work as `write` does, once and at once, also after `stop`; a failure is left to be. */
  writeOnce(work: () => void): void {
    try {
      this.#commit(work);
    } catch {
      // Nobody waits for it.
    }
  }

  /** Resolves when all that was committed before is on the disk. */
  async flush(): Promise<void> {
    try {
      await this.#wal.flush();
      this.#isOwed = false;
    } catch (error) {
      this.#isOwed = true;
      throw unwritable(this.db.name, error);
    }
  }

  /** From now on, all work, waiting work too, fails with `STORE_UNAVAILABLE`. */
  stop(): void {
    this.#closing.abort();
  }

  /** Closing twice is fine. */
  async close(): Promise<void> {
    this.stop();
    await this.#wal.close();
    this.db.close();
  }

  #attempt<T>(work: () => T): Promise<T> {
    return retryWhileLocked(work, this.#retry);
  }

  #commit<T>(work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#end.run();
      return result;
    } catch (error) {
      // Some failures, such as a full disk, have ended the transaction already.
      if (this.db.inTransaction) this.#undo.run();
      throw error;
    }
  }
}
