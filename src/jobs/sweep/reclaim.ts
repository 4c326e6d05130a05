import { codeOf, messageOf } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { JobRef, Provider } from '../../core/provider.ts';
import type { Store } from '../../core/store.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { Providers } from '../providers.ts';

/** The pause between two questions to a provider about what it still holds. */
const everyMs = 60_000;

/**
 * Releases what providers still hold for jobs that are over, such as after a crash, and what they hold for a job a
 * second time, such as after an answer that came too late. What they hold for jobs that this store does not know
 * belongs to others and is left alone.
 */
export class Reclaim {
  readonly #options: { store: Store; providers: Providers; logger: Logger };
  readonly #closing = new AbortController();
  #rounds: Promise<unknown> = Promise.resolve();

  constructor(options: { store: Store; providers: Providers; logger: Logger }) {
    this.#options = options;
  }

  /** Asks every provider now, and again after each minute. */
  start(): void {
    const { signal } = this.#closing;
    const providers = this.#options.providers.list();
    this.#rounds = Promise.all(providers.map((provider) => this.#watch(provider, signal)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#rounds;
  }

  async #watch(provider: Provider, signal: AbortSignal): Promise<void> {
    if (!provider.held || !provider.release) return;
    do {
      try {
        for (const ref of await provider.held(signal)) await this.#look(provider, ref, signal);
      } catch (error) {
        if (signal.aborted) return;
        const facts = { provider: provider.name, code: codeOf(error) };
        this.#options.logger.warn(
          facts,
          `what is left over is not looked for: ${messageOf(error)}`,
        );
      }
    } while (await waitMs(everyMs, signal));
  }

  async #look(provider: Provider, ref: JobRef, signal: AbortSignal): Promise<void> {
    const { store, logger } = this.#options;
    const job = await store.jobs.get(ref.jobId);
    if (job?.provider !== provider.name || !(await this.#isLeftOver(job, ref))) return;
    logger.warn({ job: job.id, provider: provider.name, ...ref }, 'giving back what was left over');
    await provider.release?.(ref, signal);
  }

  /**
   * A job whose log is not complete still has a driver, which releases what the job holds. It cannot where the log's
   * head is damaged: no line can be added then, so nothing is lost with the release.
   */
  async #isLeftOver(job: Job, ref: JobRef): Promise<boolean> {
    if (job.externalId !== null && job.externalId !== ref.externalId) return true;
    const { complete, isProven } = await this.#options.store.logs.extent(job.id);
    return isOver(job.status) && (complete || !isProven);
  }
}
