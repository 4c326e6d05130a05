import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JobPatch } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type { JobRef, Provider } from '../../core/provider.ts';
import type { Lease } from '../../core/store.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { isUnreached } from '../../lib/system/unreached.ts';
import type { JobChanges } from '../job-changes.ts';
import { applyEvent } from '../states.ts';
import { withoutSecrets } from './finish.ts';
import { restUntilOver } from './until-over.ts';

export interface HandOverOptions {
  job: Job;
  /** True where no provider has been asked to run the job yet. */
  isNew: boolean;
  provider: Provider;
  lease: Lease;
  /** Whether this server still holds the lease; without it, no provider may be asked to run anything. */
  holds: () => boolean;
  changes: JobChanges;
  /** See `JobTimes`. */
  firstRestMs: number;
  /** Called after each attempt that failed and will be repeated. */
  attempted: () => void;
  logger: Logger;
}

/** Hands one job over to its provider, and tries until the provider answers. */
export class HandOver {
  readonly #options: HandOverOptions;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the provider's reference for the job; null where the job ended without one or the signal was
   * aborted. Rejects with `CONFLICT` where another server has taken the lease.
   */
  async run(signal: AbortSignal): Promise<JobRef | null> {
    const backoff = new Backoff({ firstMs: this.#options.firstRestMs, maxMs: 60_000 });
    let { job } = this.#options;
    // Whether the provider may run the job already, because its answer to an earlier call was not saved.
    let mayRun = !this.#options.isNew;
    while (!signal.aborted) {
      const mustBeSought = mayRun && job.status === 'CANCELLED';
      if (job.externalId === null && isOver(job.status) && !mustBeSought) return null;
      try {
        job = await this.#deployOnce(job, { mayRun }, signal);
        if (job.externalId === null) return null;
        const ref = { jobId: job.id, externalId: job.externalId };
        // The job was cancelled while the provider was being asked to run it.
        if (job.status === 'CANCELLED') await this.#endAnyway(ref, signal);
        return ref;
      } catch (error) {
        if (signal.aborted) return null;
        if (codeOf(error) === 'CONFLICT') throw error;
        mayRun ||= !isUnreached(error);
        job = (await this.#failed(job, { error, backoff }, signal)) ?? job;
      }
    }
    return null;
  }

  /** Deploys the job, unless it is over or the provider runs it already. */
  async #deployOnce(job: Job, { mayRun }: { mayRun: boolean }, signal: AbortSignal): Promise<Job> {
    const { provider, logger } = this.#options;
    if (job.externalId !== null) return job;
    const found = mayRun ? await provider.find(job, signal) : null;
    if (found === null && isOver(job.status)) return job;
    if (found === null) this.#mustHold();
    const accepted: { externalId: string; consoleUrl?: string | null } =
      found === null ? await provider.deploy(job, signal) : { externalId: found };
    const { externalId, consoleUrl } = accepted;
    logger.info({ job: job.id, provider: provider.name, ...accepted }, 'deployed');
    const patch: JobPatch = { externalId, stale: false, notice: null };
    if (consoleUrl) patch.consoleUrl = consoleUrl;
    const { location: place } = provider;
    const deployed = await this.#change((now) => {
      const { options } = withoutSecrets(now);
      return { ...patch, options: place === undefined ? options : { ...options, place } };
    });
    return deployed ?? { ...job, ...patch };
  }

  /** Ends a job that was cancelled before anybody knew that it ran. */
  async #endAnyway(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { provider, logger } = this.#options;
    this.#mustHold();
    try {
      await provider.cancel(ref, { force: true }, signal);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'NOT_FOUND' && code !== 'PROVIDER_REJECTED') throw error;
      const facts = { job: ref.jobId, provider: provider.name, code };
      logger.warn(facts, `the cancelled job could not be ended: ${messageOf(error)}`);
    }
  }

  /**
   * Handles a failed attempt: ends a job that the provider refused, and waits before the next attempt otherwise.
   * Resolves to the job as it then is.
   */
  async #failed(
    tried: Job,
    { error, backoff }: { error: unknown; backoff: Backoff },
    signal: AbortSignal,
  ): Promise<Job | null> {
    const { provider, logger, changes, attempted } = this.#options;
    const code = codeOf(error);
    const facts = { job: tried.id, provider: provider.name, code };
    if ((code === 'PROVIDER_REJECTED' || code === 'BAD_USER_INPUT') && !isOver(tried.status)) {
      logger.warn(facts, `the provider refused the job: ${messageOf(error)}`);
      return this.#change((now) => refused(now, messageOf(error)));
    }
    const least = error instanceof TrainyardError ? (error.retryAfterMs ?? 0) : 0;
    const restMs = Math.max(least, backoff.nextMs());
    logger.warn(
      { ...facts, restMs, ...(code === 'INTERNAL' ? { err: error } : {}) },
      `not deployed yet: ${messageOf(error)}`,
    );
    const waiting = await this.#change((now) =>
      isOver(now.status) ? null : { stale: true, notice: notDeployedNotice(error) },
    );
    attempted();
    if (isOver(tried.status)) await waitMs(restMs, signal);
    else await restUntilOver(tried.id, { ms: restMs, changes }, signal);
    const now = (await changes.store.get(tried.id)) ?? waiting;
    if (now && isOver(now.status) && !isOver(tried.status)) backoff.reset();
    return now;
  }

  /** Throws `CONFLICT` where the lease is lost: the server that took the job over may already have started it. */
  #mustHold(): void {
    if (this.#options.holds()) return;
    const message = `the job ${this.#options.job.id} is driven by another server by now`;
    throw new TrainyardError('CONFLICT', message);
  }

  #change(change: (job: Job) => JobPatch | null): Promise<Job | null> {
    const { changes, job, lease } = this.#options;
    return changes.update(job.id, change, lease);
  }
}

function notDeployedNotice(error: unknown): LogNotice {
  const message = `The job is not deployed yet. ${codeOf(error) === 'INTERNAL' ? 'Its provider failed' : messageOf(error)}`;
  return { code: 'NOT_DEPLOYED', message, url: null, help: ['Trainyard keeps trying by itself'] };
}

/** What a provider's refusal changes in a job. A job that was cancelled meanwhile ends CANCELLED. */
function refused(now: Job, message: string): JobPatch | null {
  const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
  const patch = applyEvent(now, { name: 'refused', now: Date.now(), failure });
  return patch && { ...patch, ...withoutSecrets(now) };
}
