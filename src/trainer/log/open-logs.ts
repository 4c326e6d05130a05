import type { JobFolder } from '../disk/job-folder.ts';
import { JobLog } from './job-log.ts';

/** So many logs stay open for the next page although nobody reads them. */
const maxIdle = 16;

/** A log that stays open until it is disposed of. */
export interface HeldLog extends Disposable {
  log: JobLog;
}

export interface LogOptions {
  folder: JobFolder;
  /** The log's length if the job is over, else null. */
  end: number | null;
  /** Called when there are more lines. */
  onLines: () => void;
}

interface OpenLog {
  log: Promise<JobLog>;
  holders: number;
}

/** Opens each log once, however many read it. */
export class OpenLogs {
  readonly #open = new Map<string, OpenLog>();
  readonly #closing = new Map<string, Promise<void>>();

  /** Opens the log, or shares it. */
  async hold(id: string, options: LogOptions): Promise<HeldLog> {
    const entry = this.#open.get(id) ?? { log: this.#openLog(id, options), holders: 0 };
    this.#open.delete(id);
    this.#open.set(id, entry); // the newest is last
    entry.holders += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      entry.holders -= 1;
      this.#closeIdle();
    };
    try {
      return { log: await entry.log, [Symbol.dispose]: release };
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const [id, entry] of [...this.#open]) this.#close(id, entry);
    await Promise.all(this.#closing.values());
  }

  /** Waits until the log is closed if it is being closed: two open ones would both write the index. */
  async #openLog(id: string, options: LogOptions): Promise<JobLog> {
    await this.#closing.get(id);
    return await JobLog.open(options.folder, options);
  }

  #closeIdle(): void {
    const idle = [...this.#open].filter(([, entry]) => entry.holders === 0);
    for (const [id, entry] of idle.slice(0, -maxIdle)) this.#close(id, entry);
  }

  #close(id: string, entry: OpenLog): void {
    this.#open.delete(id);
    const closed = entry.log
      .then((log) => log.close())
      .catch(() => {}) // it never opened
      .finally(() => {
        if (this.#closing.get(id) === closed) this.#closing.delete(id);
      });
    this.#closing.set(id, closed);
  }
}
