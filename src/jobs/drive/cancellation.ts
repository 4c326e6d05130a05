import { isOver, type Job } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import type { Lease } from '../../core/store.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { JobChanges } from '../job-changes.ts';
import { limitReached } from '../money/cost.ts';
import { applyEvent, awaitsCancel } from '../states.ts';
import type { JobTimes } from '../times.ts';

/** How long a provider may take to accept a cancel. */
const cancelTimeoutMs = 10_000;
/** A job that costs on so long after its cancel was accepted is ended by force. */
const stopMs = 60_000;

export interface CancellationOptions {
  jobId: string;
  provider: Provider;
  lease: Lease;
  /** Whether the lease is still this server's: without it, no provider may be asked. */
  holds: () => boolean;
  changes: JobChanges;
  times: JobTimes;
  logger: Logger;
}

/**
 * Sees to it that a job ends whose end was asked for: by its limits, or by somebody whose server did not
 * live to hear the provider's answer.
 */
export class Cancellation {
  readonly #options: CancellationOptions;
  /** Since when a request without an answer is known here, on the monotonic clock; null for none. */
  #unansweredSince: number | null = null;

  constructor(options: CancellationOptions) {
    this.#options = options;
  }

  /**
   * To be called whenever the job was heard of. Cancels one that has used up its budget or its time, with
   * that as the reason in its failure; asks again where nobody has answered a request; ends one by force that
   * costs on though it was cancelled. Where the provider cannot be reached it rejects, to be called again.
   */
  async look(signal: AbortSignal): Promise<void> {
    const { jobId, changes, provider, logger } = this.#options;
    const job = await changes.store.get(jobId);
    if (!job || job.externalId === null || isOver(job.status)) return;
    const facts = { job: jobId, provider: provider.name };
    if (job.cancelledAt !== null) {
      if (!costsOn(job, job.cancelledAt)) return;
      logger.warn(facts, 'the job is ended by force: it was cancelled, and costs on');
      await this.#ask(job, { force: true }, signal);
      return;
    }
    if (awaitsCancel(job)) {
      if (this.#isPatient()) return;
      logger.warn(facts, 'nobody has answered a cancel of the job: its provider is asked again');
      await this.#carryThrough(job, signal);
      return;
    }
    this.#unansweredSince = null;
    const message = limitReached(job);
    if (message === null) return;
    // Saved first: whoever drives the job after a crash then knows of it.
    const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
    const asked = await this.#apply({ name: 'cancelAsked', failure });
    this.#unansweredSince = Number.NEGATIVE_INFINITY;
    if (asked) await this.#carryThrough(asked, signal);
    logger.warn(facts, `the job is cancelled: ${message}`);
  }

  /** Whoever was asked for the cancel may still be waiting for the provider's answer. */
  #isPatient(): boolean {
    this.#unansweredSince ??= performance.now();
    return performance.now() - this.#unansweredSince < this.#options.times.cancelAnswerMs;
  }

  async #carryThrough(job: Job, signal: AbortSignal): Promise<void> {
    const accepted = await this.#ask(job, { force: job.cancelByForce }, signal);
    if (accepted === null) return;
    await this.#apply({ name: accepted ? 'cancelAccepted' : 'cancelWithdrawn' });
  }

  /** Null where the job is another server's by now. */
  async #ask(
    { id: jobId, externalId }: Job,
    options: { force: boolean },
    signal: AbortSignal,
  ): Promise<boolean | null> {
    const { provider, holds } = this.#options;
    if (externalId === null || !holds()) return null;
    const either = AbortSignal.any([signal, AbortSignal.timeout(cancelTimeoutMs)]);
    return provider.cancel({ jobId, externalId }, options, either);
  }

  #apply(event: Omit<Parameters<typeof applyEvent>[1], 'now'>): Promise<Job | null> {
    const { jobId, changes, lease } = this.#options;
    return changes.update(jobId, (now) => applyEvent(now, { ...event, now: Date.now() }), lease);
  }
}

/** Where nobody is paid, a job may take its time to end. */
function costsOn({ cost }: Job, cancelledAt: number): boolean {
  return cost !== null && cost.perHour > 0 && Date.now() - cancelledAt >= stopMs;
}
