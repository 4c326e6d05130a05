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
/** A job that still costs money this long after its cancel was accepted is ended by force. */
const stopMs = 60_000;

export interface CancellationOptions {
  jobId: string;
  provider: Provider;
  lease: Lease;
  /** Whether this server still holds the lease; without it, no provider may be asked. */
  holds: () => boolean;
  changes: JobChanges;
  times: JobTimes;
  logger: Logger;
}

/**
 * Ends a job that has reached one of its limits, and carries a cancel through that was left unanswered, such as by
 * a server that died.
 */
export class Cancellation {
  readonly #options: CancellationOptions;
  /** When an unanswered cancel was first seen here, by the monotonic clock; null for none. */
  #unansweredSince: number | null = null;
  /** The cancel that was accepted, by its stored time, and since when it is, by the monotonic clock; null for none. */
  #accepted: { at: number; since: number } | null = null;

  constructor(options: CancellationOptions) {
    this.#options = options;
  }

  /**
   * Call this after every status report. It cancels a job that has reached a limit, and records the limit in the
   * job's failure. It asks the provider again about a cancel that stays unanswered. It ends a job by force that
   * still costs money after its cancel. Rejects where the provider cannot be reached; call it again later.
   */
  async look(signal: AbortSignal): Promise<void> {
    const { jobId, changes, provider, logger } = this.#options;
    const job = await changes.store.get(jobId);
    if (!job || job.externalId === null || isOver(job.status)) return;
    const facts = { job: jobId, provider: provider.name };
    if (job.cancelledAt !== null) {
      if (!this.#costsOn(job, job.cancelledAt)) return;
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
    // This is saved first, so that the next driver knows of it after a crash.
    const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
    const asked = await this.#apply({ name: 'cancelAsked', failure });
    this.#unansweredSince = Number.NEGATIVE_INFINITY;
    if (asked) await this.#carryThrough(asked, signal);
    logger.warn(facts, `the job is cancelled: ${message}`);
  }

  /** Whether a job costs money long after its cancel. One that costs nothing may take as long as it likes to end. */
  #costsOn({ cost }: Job, cancelledAt: number): boolean {
    if (this.#accepted?.at !== cancelledAt) {
      // This may be another server than then, which knows the stored time alone.
      const agoMs = Math.min(Math.max(0, Date.now() - cancelledAt), stopMs);
      this.#accepted = { at: cancelledAt, since: performance.now() - agoMs };
    }
    const isLong = performance.now() - this.#accepted.since >= stopMs;
    return isLong && cost !== null && cost.perHour > 0;
  }

  /** True while the server that was asked for the cancel may still be waiting for the provider's answer. */
  #isPatient(): boolean {
    this.#unansweredSince ??= performance.now();
    return performance.now() - this.#unansweredSince < this.#options.times.cancelAnswerMs;
  }

  async #carryThrough(job: Job, signal: AbortSignal): Promise<void> {
    const accepted = await this.#ask(job, { force: job.cancelByForce }, signal);
    if (accepted === null) return;
    await this.#apply({ name: accepted ? 'cancelAccepted' : 'cancelWithdrawn' });
  }

  /** Whether the provider accepted the cancel; null where another server now drives the job. */
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
