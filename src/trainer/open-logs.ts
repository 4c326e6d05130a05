import type { JobFolder } from './job-folder.ts';
import { JobLog } from './job-log.ts';

/** Logs of jobs that nobody reads stay open for the next page, this many. */
const maxIdle = 16;

/** A log for as long as it is held; dispose of it when done. */
export interface HeldLog extends Disposable {
  log: JobLog;
}

interface OpenLog {
  log: Promise<JobLog>;
  holders: number;
}

/** Opens each log once, however many read it. */
export class OpenLogs {
  readonly #open = new Map<string, OpenLog>();

  /** Opens the log, or shares it; `end` is the log's length where the job is over. */
  async hold(
    id: string,
    options: { folder: JobFolder; end: number | null; onLines: () => void },
  ): Promise<HeldLog> {
    const entry = this.#open.get(id) ?? { log: JobLog.open(options.folder, options), holders: 0 };
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
    const logs = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(logs.map(async ({ log }) => (await log).close()));
  }

  #closeIdle(): void {
    const idle = [...this.#open].filter(([, entry]) => entry.holders === 0);
    for (const [id, entry] of idle.slice(0, -maxIdle)) {
      this.#open.delete(id);
      void entry.log.then((log) => log.close());
    }
  }
}
