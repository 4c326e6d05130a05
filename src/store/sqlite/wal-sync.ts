import { type FileHandle, open } from 'node:fs/promises';

/**
 * Brings what was committed to the disk, off the event loop. SQLite in WAL mode has written a commit to
 * `FILE-wal` when it returns, so flushing that file afterwards makes it as durable as `synchronous = FULL`
 * would. (SQLite locks the database and its `-shm` file alone: another descriptor of this one is harmless.)
 */
export class WalSync {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** Resolves when everything that was committed before the call is on the disk; callers at the same time share one flush. */
  flush(): Promise<void> {
    // One that is under way may have begun before the commit.
    if (this.#running) {
      this.#next ??= this.#running.catch(() => {}).then(() => this.#start());
      return this.#next;
    }
    return this.#start();
  }

  /** Waits for a flush that is under way. Closing twice is fine. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next]);
    const file = this.#file;
    this.#file = undefined;
    await (await file?.catch(() => undefined))?.close();
  }

  #start(): Promise<void> {
    this.#next = null;
    const running = this.#flush().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #flush(): Promise<void> {
    this.#file ??= open(this.#path, 'r');
    try {
      await (await this.#file).datasync();
    } catch (error) {
      this.#file = undefined;
      throw error;
    }
  }
}
