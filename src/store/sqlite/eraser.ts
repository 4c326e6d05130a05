import type { Logger } from '../../lib/system/logger.ts';
import type { Connection } from './connection.ts';

/** How long what was erased may stay in the write-ahead log; many erasures share one emptying of it. */
const restMs = 1000;

/** Removes what may be secret from the store's files, not only from its tables. */
export class Eraser {
  readonly #connection: Connection;
  readonly #logger: Logger | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, logger: Logger | undefined) {
    this.#connection = connection;
    this.#logger = logger;
    // An earlier process may have died before it came to this.
    this.#emptyLog();
  }

  /** Runs a part of a transaction: what it changes or deletes is overwritten in the file, freed pages too. */
  overwriting<T>(work: () => T): T {
    const { db } = this.#connection;
    // It counts from when it is prepared: a prepared statement would do nothing.
    db.pragma('secure_delete = ON');
    try {
      return work();
    } finally {
      // Freed pages of mere lines are not worth writing.
      db.pragma('secure_delete = FAST');
    }
  }

  /** Removes overwritten values from the write-ahead log, too, about a second after the transaction. */
  emptyLogSoon(): void {
    this.#timer ??= setTimeout(() => this.#emptyLog(), restMs).unref();
  }

  /** Empties the write-ahead log now where there is something to erase. */
  close(): void {
    if (this.#timer !== undefined) this.#emptyLog();
    clearTimeout(this.#timer);
  }

  #emptyLog(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#truncated()) return;
    // Somebody reads an older state, or the disk does not take it.
    this.emptyLogSoon();
  }

  #truncated(): boolean {
    const { db } = this.#connection;
    try {
      return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
    } catch (error) {
      this.#logger?.warn({ err: error }, 'the write-ahead log of the store cannot be emptied yet');
      return false;
    }
  }
}
