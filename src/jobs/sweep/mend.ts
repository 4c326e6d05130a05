import { messageOf } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { isElsewhere } from '../drive/collect-log.ts';
import type { Providers } from '../providers.ts';

/** How long fetching one stretch of damaged lines may take. */
const fetchMs = 30_000;
/** The most damaged stretches that wait. Further ones are dropped, and noted again when they are read again. */
const maxWaiting = 100;

/** Repairs damaged lines by fetching them again from the provider, one stretch after the other. */
export class Mend {
  readonly #options: {
    store: Store;
    providers: Providers;
    /** Called after damaged lines of a job were repaired. */
    mended: (jobId: string) => void;
    logger: Logger;
  };
  readonly #closing = new AbortController();
  readonly #waiting = new Map<string, { jobId: string; line: number }>();
  #running: Promise<void> | null = null;

  constructor(options: {
    store: Store;
    providers: Providers;
    mended: (jobId: string) => void;
    logger: Logger;
  }) {
    this.#options = options;
  }

  /** Notes that a reader met damaged lines of a job, beginning with this one, to have them repaired. */
  note(jobId: string, line: number): void {
    if (this.#closing.signal.aborted || this.#waiting.size >= maxWaiting) return;
    this.#waiting.set(`${jobId} ${line}`, { jobId, line });
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const [key, { jobId, line }] of this.#waiting) {
      if (this.#closing.signal.aborted) return;
      try {
        await this.#mend(jobId, line);
      } catch (error) {
        const said = `damaged lines cannot be fetched again: ${messageOf(error)}`;
        this.#options.logger.warn({ job: jobId, line }, said);
      }
      this.#waiting.delete(key);
    }
  }

  async #mend(jobId: string, line: number): Promise<void> {
    const { store, providers, mended, logger } = this.#options;
    const [job, { total, cursor }] = await Promise.all([
      store.jobs.get(jobId),
      store.logs.head(jobId),
    ]);
    const provider = job && providers.find(job.provider);
    if (!job || job.externalId === null || !provider?.linesAt || isElsewhere(job, provider)) return;
    const ref = { jobId, externalId: job.externalId };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(fetchMs)]);
    const isMended = await store.logs.mend(
      jobId,
      line,
      async (range) => (await provider.linesAt?.(ref, { ...range, total, cursor }, signal)) ?? null,
    );
    if (!isMended) return;
    logger.warn({ job: jobId, line }, 'damaged lines were fetched again from their source');
    mended(jobId);
  }
}
