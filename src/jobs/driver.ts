import { codeOf, messageOf, TrainyardError } from '../core/errors.ts';
import { isOver, type Job, type JobPatch } from '../core/job.ts';
import type { JobRef, Provider, ProviderState, StatusReport } from '../core/provider.ts';
import type { Lease, LogStore } from '../core/store.ts';
import { Backoff } from '../lib/backoff.ts';
import type { Logger } from '../lib/logger.ts';
import { waitMs } from '../lib/wait.ts';
import { Wakeup } from '../lib/wakeup.ts';
import { Collector } from '../logs/collector.ts';
import { finishJob, withoutSecrets } from './finish.ts';
import type { JobLedger } from './ledger.ts';
import { keepLimits } from './limits.ts';
import { mergeProgress, transition } from './transition.ts';
import type { StatusWatch } from './watch.ts';

/** A job that its provider has denied knowing for so long, and more than once, is LOST. */
const lostAfterMs = 5000;
/** The least time between two saved steps of a job's progress. */
const progressEveryMs = 1000;

export interface DriverOptions {
  job: Job;
  /** No provider has been asked to run it yet. */
  isNew: boolean;
  provider: Provider;
  lease: Lease;
  ledger: JobLedger;
  logs: LogStore;
  watch: StatusWatch;
  /** Called when lines were stored or the log became complete. */
  advanced: () => void;
  logger: Logger;
}

/** Carries one job from the saved intent to a complete log: deploys it, follows it, sums it up. */
export class JobDriver {
  readonly #options: DriverOptions;
  readonly #answered = new Wakeup();
  readonly #deployed = Promise.withResolvers<void>();
  #collector: Collector | null = null;
  #deniedSince: number | null = null;
  #savedProgressAt = 0;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Resolves once the provider has accepted or refused the job, or the first attempt has failed. */
  get firstAnswer(): Promise<void> {
    return this.#deployed.promise;
  }

  /** Runs until the log is complete or the signal is aborted; may then be run anew at any point. Rejects with `CONFLICT` where the lease is lost. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      const ref = await this.#deploy(signal);
      this.#deployed.resolve();
      if (ref) await this.#follow(ref, signal);
      if (!signal.aborted) await finishJob(this.#options.job.id, this.#options, signal);
    } finally {
      this.#deployed.resolve();
      await this.#changing;
    }
  }

  /** The provider's reference; null where the job came to its end without one, or the signal was aborted. */
  async #deploy(signal: AbortSignal): Promise<JobRef | null> {
    const { provider } = this.#options;
    const backoff = new Backoff({ firstMs: 500, maxMs: 60_000 });
    let { job, isNew } = this.#options;
    while (!signal.aborted) {
      if (job.externalId === null && isOver(job.status)) return null;
      try {
        if (job.externalId === null) job = await this.#place(job, { isNew }, signal);
        const ref = { jobId: job.id, externalId: job.externalId ?? '' };
        // Cancelled while the provider was being asked to run it.
        if (job.status === 'CANCELLED') await provider.cancel(ref, { force: true }, signal);
        return ref;
      } catch (error) {
        if (signal.aborted) return null;
        isNew = false;
        job = (await this.#deployFailed(error, backoff, signal)) ?? job;
      }
    }
    return null;
  }

  /** Has the provider run the job, unless it does already: an earlier server may not have saved the answer. */
  async #place(job: Job, { isNew }: { isNew: boolean }, signal: AbortSignal): Promise<Job> {
    const { provider, logger } = this.#options;
    const found = isNew ? null : await provider.find(job, signal);
    const accepted: { externalId: string; consoleUrl?: string | null } =
      found === null ? await provider.deploy(job, signal) : { externalId: found };
    logger.info({ job: job.id, provider: provider.name, ...accepted }, 'deployed');
    const patch: JobPatch = { externalId: accepted.externalId, stale: false };
    if (accepted.consoleUrl) patch.consoleUrl = accepted.consoleUrl;
    const placed = await this.#change((now) => ({ ...patch, ...withoutSecrets(now) }));
    return placed ?? { ...job, ...patch };
  }

  async #deployFailed(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<Job | null> {
    const { job, provider, logger } = this.#options;
    const code = codeOf(error);
    const facts = { job: job.id, provider: provider.name, code };
    if (code === 'PROVIDER_REJECTED' || code === 'BAD_USER_INPUT') {
      logger.warn(facts, `the provider refused the job: ${messageOf(error)}`);
      return this.#change((now) => ({
        status: 'FAILED',
        finishedAt: Date.now(),
        failure: {
          message: messageOf(error),
          exitCode: null,
          signal: null,
          offset: null,
          excerpt: [],
        },
        stale: false,
        providerStatus: now.providerStatus,
        ...withoutSecrets(now),
      }));
    }
    const least = error instanceof TrainyardError ? (error.retryAfterMs ?? 0) : 0;
    const restMs = Math.max(least, backoff.nextMs());
    logger.warn(
      { ...facts, restMs, ...(code === 'INTERNAL' ? { err: error } : {}) },
      `not deployed yet: ${messageOf(error)}`,
    );
    const waiting = await this.#change(() => ({ stale: true }));
    this.#deployed.resolve();
    // A cancel meanwhile is seen at once: it changes the job.
    const woken = new Wakeup();
    const unlisten = this.#options.ledger.listen(job.id, () => woken.wake());
    try {
      const enough = new AbortController();
      const either = AbortSignal.any([signal, enough.signal]);
      await Promise.race([waitMs(restMs, either), woken.next(either)]);
      enough.abort();
    } finally {
      unlisten();
    }
    return (await this.#options.ledger.store.get(job.id)) ?? waiting;
  }

  async #follow(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { lease, logs, provider, watch, logger, advanced } = this.#options;
    const collector = new Collector({
      provider,
      ref,
      lease,
      logs,
      logger,
      answered: this.#answered,
      advanced: () => {
        advanced();
        this.#saveProgress(collector);
      },
    });
    this.#collector = collector;
    const unwatch = watch.add({
      ref,
      report: (report) => this.#heard(report, signal),
      stale: () => this.#later(() => this.#change(() => ({ stale: true }))),
    });
    try {
      const end = await collector.run(signal);
      if (end) await this.#change((job) => transition(job, end, Date.now()));
      await this.#changing;
      if (!signal.aborted) await this.#change((job) => this.#progressOf(job, collector));
      await this.#over(ref, signal);
    } catch (error) {
      if (codeOf(error) !== 'NOT_FOUND') throw error;
      await this.#over(ref, signal);
    } finally {
      unwatch();
    }
  }

  #heard(report: StatusReport, signal: AbortSignal): void {
    this.#answered.wake();
    if ('state' in report) {
      this.#deniedSince = null;
      this.#later(() => this.#change((job) => this.#stateOf(job, report.state)));
      this.#later(() => keepLimits(report.jobId, this.#options, signal));
    } else if (codeOf(report.error) === 'NOT_FOUND') {
      this.#deniedSince ??= performance.now();
      if (performance.now() - this.#deniedSince > lostAfterMs) this.#later(() => this.#lose());
    }
    this.#later(() => this.#change((job) => ({ notice: this.#options.provider.logNotice(job) })));
  }

  /** Where log and provider both tell the progress, the log is nearer to the truth. */
  #stateOf(job: Job, state: ProviderState): JobPatch {
    const patch = transition(job, state, Date.now());
    if (patch.progress && this.#collector) {
      patch.progress = mergeProgress(patch.progress, this.#collector.progress);
    }
    return patch;
  }

  #lose(): Promise<Job | null> {
    const { provider, logger, job } = this.#options;
    const message = `The provider ${provider.name} no longer knows this job; how it ended is not known.`;
    logger.warn({ job: job.id, provider: provider.name }, message);
    return this.#change((now) =>
      isOver(now.status)
        ? null
        : {
            status: now.cancelledAt === null ? 'LOST' : 'CANCELLED',
            finishedAt: Date.now(),
            stale: false,
            failure:
              now.cancelledAt === null
                ? { message, exitCode: null, signal: null, offset: null, excerpt: [] }
                : now.failure,
          },
    );
  }

  #saveProgress(collector: Collector): void {
    const now = performance.now();
    if (now - this.#savedProgressAt < progressEveryMs) return;
    this.#savedProgressAt = now;
    this.#later(() => this.#change((job) => this.#progressOf(job, collector)));
  }

  #progressOf(job: Job, collector: Collector): JobPatch | null {
    const known = Object.values(collector.progress).some((value) => value !== null);
    return known ? { progress: mergeProgress(job.progress, collector.progress) } : null;
  }

  /** Waits until the job is over: a log can end before its provider has said so. */
  async #over(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    const woken = new Wakeup();
    const unlisten = ledger.listen(ref.jobId, () => woken.wake());
    try {
      while (!signal.aborted) {
        const job = await ledger.store.get(ref.jobId);
        if (!job || isOver(job.status)) return;
        await woken.next(signal);
      }
    } finally {
      unlisten();
    }
  }

  #change(change: (job: Job) => JobPatch | null): Promise<Job | null> {
    return this.#options.ledger.update(this.#options.job.id, change);
  }

  /** Changes one after the other, so that what was heard first is saved first; a failing one is logged and left: it will be heard again. */
  #later(change: () => Promise<unknown>): void {
    this.#changing = this.#changing.then(change).catch((error: unknown) => {
      const facts = { job: this.#options.job.id, code: codeOf(error) };
      this.#options.logger.warn(facts, `the job's state is not saved yet: ${messageOf(error)}`);
    });
  }
}
