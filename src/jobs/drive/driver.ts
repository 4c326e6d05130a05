import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JobPatch } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type {
  JobRef,
  Provider,
  ProviderState,
  ResourceSample,
  StatusReport,
} from '../../core/provider.ts';
import type { Lease, LogStore } from '../../core/store.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { GrowingLines } from '../../logs/growing-lines.ts';
import type { UnstoredLogs } from '../../logs/unstored-logs.ts';
import { Collector } from '../../logs/write/collector.ts';
import type { JobChanges } from '../job-changes.ts';
import { applyEvent } from '../states.ts';
import type { JobTimes } from '../times.ts';
import { mergeProgress, transition } from '../transition.ts';
import type { StatusWatch } from '../watch/watch.ts';
import { Cancellation } from './cancellation.ts';
import { collectLog, isElsewhere } from './collect-log.ts';
import { finishJob } from './finish.ts';
import { recordGap } from './give-up.ts';
import { HandOver } from './hand-over.ts';
import { unreadableLogNotice } from './log-trouble.ts';
import { untilCancelAnswered, untilOver } from './until-over.ts';

const giveUpHelp =
  'Or give up the rest of this log: cancelJob with force completes it, with a gap that says so';

export interface DriverOptions {
  job: Job;
  /** True where no provider has been asked to run the job yet. */
  isNew: boolean;
  provider: Provider;
  lease: Lease;
  /** Whether this server still holds the lease; without it, no provider may be told to do anything. */
  holds: () => boolean;
  changes: JobChanges;
  logs: LogStore;
  watch: StatusWatch;
  growing: GrowingLines;
  unstored: UnstoredLogs;
  /** How long lines may be gathered before they are stored, in milliseconds. */
  pauseMs: () => number;
  /** Called after lines were stored and after the log became complete. */
  advanced: () => void;
  times: JobTimes;
  logger: Logger;
}

/** Takes one saved job to its end: deploys it, follows its status and log, and completes its log. */
export class JobDriver {
  readonly #options: DriverOptions;
  readonly #answered = new Wakeup();
  readonly #deployed = Promise.withResolvers<void>();
  readonly #cancellation: Cancellation;
  readonly #lost = new AbortController();
  #collector: Collector | null = null;
  #deniedSince: number | null = null;
  /** True where the provider did not report the job's status when it was last asked. */
  #isSilent = false;
  #savedProgressAt = 0;
  /** The time of the last sample of what the job uses. */
  #measuredAt = 0;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#cancellation = new Cancellation({ ...options, jobId: options.job.id });
  }

  /** Resolves once the provider has accepted or refused the job, or the first attempt to deploy it has failed. */
  get firstAnswer(): Promise<void> {
    return this.#deployed.promise;
  }

  /**
   * Runs until the log is complete or the signal is aborted. A new driver can continue from wherever this one
   * stopped. Rejects with `CONFLICT` where another server has taken the lease.
   */
  async run(closing: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([closing, this.#lost.signal]);
    try {
      const { firstRestMs } = this.#options.times;
      const attempted = () => this.#deployed.resolve();
      const ref = await new HandOver({ ...this.#options, firstRestMs, attempted }).run(signal);
      this.#deployed.resolve();
      if (ref) await this.#follow(ref, signal);
      if (!signal.aborted) await finishJob(this.#options.job.id, this.#options, signal);
      else if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
    } finally {
      this.#deployed.resolve();
      await this.#changing;
    }
  }

  /** Ends `run`, which then rejects with `reason`, because another server now drives the job. */
  abandon(reason: TrainyardError): void {
    this.#lost.abort(reason);
  }

  async #follow(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { lease, logs, provider, watch, growing, unstored, pauseMs, logger, advanced } =
      this.#options;
    const { lostAfterMs, firstRestMs } = this.#options.times;
    const collector = new Collector({
      provider,
      ref,
      lease,
      logs,
      growing,
      unstored,
      pauseMs,
      firstRestMs,
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
      const { job, changes } = this.#options;
      const end = await collectLog(
        { jobId: job.id, collector, provider, changes, lostAfterMs, firstRestMs, logger },
        signal,
      );
      const state = end?.state;
      if (state) await this.#saveState(state, (now) => transition(now, state, Date.now()), signal);
      await this.#changing;
      if (end?.gap && !signal.aborted) await recordGap(end.gap, logs, lease);
      if (!signal.aborted) await this.#change((job) => this.#progressOf(job, collector));
      // A log can end before its provider reports the end of the job.
      await untilOver(ref.jobId, this.#options.changes, signal);
    } finally {
      unwatch();
    }
  }

  #heard(report: StatusReport, signal: AbortSignal): void {
    if ('state' in report) {
      // The log of a provider that was silent and now answers is worth trying again at once.
      if (this.#isSilent) this.#answered.wake();
      this.#isSilent = false;
      this.#deniedSince = null;
      const { state } = report;
      this.#later(() => this.#saveState(state, (job) => this.#stateOf(job, state), signal));
      this.#later(() => this.#cancellation.look(signal));
      if (state.resources) this.#measure(state.resources, state.startedAt);
    } else {
      this.#isSilent = true;
      if (codeOf(report.error) === 'NOT_FOUND') this.#denied();
    }
    this.#later(() => this.#change((job) => ({ notice: this.#noticeOf(job) })));
  }

  /** Stores what the job uses of its machine, but not more often than is of use. */
  #measure({ time, values }: ResourceSample, startedAt = this.#options.job.startedAt): void {
    if (time < this.#measuredAt + this.#options.times.measureEveryMs) return;
    this.#measuredAt = time;
    const { job, logs, lease } = this.#options;
    const step = Math.max(0, Math.round((time - (startedAt ?? job.createdAt)) / 1000));
    const points = Object.entries(values).map(([name, value]) => ({
      name,
      step,
      value,
      time,
      line: -1,
    }));
    this.#later(() => logs.measure(lease, points));
  }

  /** Why lines may be missing. For a job that is over, it also says how to give up the rest of the log. */
  #noticeOf(job: Job): LogNotice | null {
    const awaitsLog = isOver(job.status);
    const { provider } = this.#options;
    const notice = provider.logNotice(job, { awaitsLog }) ?? this.#logTrouble();
    if (!notice || !awaitsLog) return notice;
    return { ...notice, help: [...notice.help, giveUpHelp] };
  }

  /** The notice that the log cannot be read; null until that has lasted for `logTroubleAfterMs`. */
  #logTrouble(): LogNotice | null {
    const { times, provider } = this.#options;
    const trouble = this.#collector?.trouble;
    if (!trouble || performance.now() - trouble.since < times.logTroubleAfterMs) return null;
    return unreadableLogNotice(provider.name, trouble.error);
  }

  #denied(): void {
    this.#deniedSince ??= performance.now();
    const deniedMs = performance.now() - this.#deniedSince;
    if (deniedMs > this.#options.times.lostAfterMs) this.#later(() => this.#lose());
  }

  /** Saves what the provider reports. An end waits until a cancel under way is answered: it may have caused it. */
  async #saveState(
    { status }: ProviderState,
    change: (job: Job) => JobPatch,
    signal: AbortSignal,
  ): Promise<void> {
    const { changes, job, times } = this.#options;
    const patience = { changes, ms: times.cancelAnswerMs };
    if (status !== null && isOver(status)) await untilCancelAnswered(job.id, patience, signal);
    await this.#change(change);
  }

  /** The log's progress goes before the provider's, because the log is more exact. */
  #stateOf(job: Job, state: ProviderState): JobPatch {
    const patch = transition(job, state, Date.now());
    if (this.#logTrouble()) patch.stale = true;
    if (patch.progress && this.#collector) {
      patch.progress = mergeProgress(patch.progress, this.#collector.progress);
    }
    return patch;
  }

  #lose(): Promise<Job | null> {
    const { provider, logger, job } = this.#options;
    const message = `The provider ${provider.name} no longer knows this job, so its end is not known.`;
    return this.#change((now) => {
      if (isOver(now.status)) return null;
      // The job may still run at the location where it was deployed, so it is stale and not LOST.
      if (isElsewhere(now, provider)) return now.stale ? null : { stale: true };
      logger.warn({ job: job.id, provider: provider.name }, message);
      const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
      return applyEvent(now, { name: 'denied', now: Date.now(), failure });
    });
  }

  #saveProgress(collector: Collector): void {
    const now = performance.now();
    const { times, pauseMs } = this.#options;
    // Jobs that may wait before they store lines save their progress less often, too.
    if (now - this.#savedProgressAt < Math.max(times.progressEveryMs, 4 * pauseMs())) return;
    this.#savedProgressAt = now;
    this.#later(() => this.#change((job) => this.#progressOf(job, collector)));
  }

  #progressOf(job: Job, collector: Collector): JobPatch | null {
    const known = Object.values(collector.progress).some((value) => value !== null);
    return known ? { progress: mergeProgress(job.progress, collector.progress) } : null;
  }

  #change(change: (job: Job) => JobPatch | null): Promise<Job | null> {
    const { changes, job, lease } = this.#options;
    return changes.update(job.id, change, lease);
  }

  /**
   * Makes changes one after the other, in the order of the reports. A change that fails is logged and dropped: the
   * provider's next report repeats it.
   */
  #later(change: () => Promise<unknown>): void {
    this.#changing = this.#changing.then(change).catch((error: unknown) => {
      if (error instanceof TrainyardError && error.code === 'CONFLICT') this.abandon(error);
      const facts = { job: this.#options.job.id, code: codeOf(error) };
      this.#options.logger.warn(facts, `the job's state is not saved yet: ${messageOf(error)}`);
    });
  }
}
