import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job, type JobPatch } from '../../core/job.ts';
import type { LogNotice } from '../../core/log.ts';
import type { JobRef, Provider, ProviderState, StatusReport } from '../../core/provider.ts';
import type { Lease, LogStore } from '../../core/store.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { GrowingLines } from '../../logs/growing-lines.ts';
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
  /** No provider has been asked to run it yet. */
  isNew: boolean;
  provider: Provider;
  lease: Lease;
  /** Whether the lease is still this server's: without it, no provider may be told to do anything. */
  holds: () => boolean;
  changes: JobChanges;
  logs: LogStore;
  watch: StatusWatch;
  growing: GrowingLines;
  /** How long lines may be gathered before they are stored. */
  pauseMs: () => number;
  /** Called when lines were stored or the log became complete. */
  advanced: () => void;
  times: JobTimes;
  logger: Logger;
}

/** Carries one job from the saved intent to a complete log: deploys it, follows it, sums it up. */
export class JobDriver {
  readonly #options: DriverOptions;
  readonly #answered = new Wakeup();
  readonly #deployed = Promise.withResolvers<void>();
  readonly #cancellation: Cancellation;
  readonly #lost = new AbortController();
  #collector: Collector | null = null;
  #deniedSince: number | null = null;
  /** The provider did not say how the job is when it was last asked. */
  #isSilent = false;
  #savedProgressAt = 0;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#cancellation = new Cancellation({ ...options, jobId: options.job.id });
  }

  /** Resolves once the provider has accepted or refused the job, or the first attempt has failed. */
  get firstAnswer(): Promise<void> {
    return this.#deployed.promise;
  }

  /** Runs until the log is complete or the signal is aborted; may then be run anew at any point. Rejects with `CONFLICT` where the lease is lost. */
  async run(closing: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([closing, this.#lost.signal]);
    try {
      const attempted = () => this.#deployed.resolve();
      const ref = await new HandOver({ ...this.#options, attempted }).run(signal);
      this.#deployed.resolve();
      if (ref) await this.#follow(ref, signal);
      if (!signal.aborted) await finishJob(this.#options.job.id, this.#options, signal);
      else if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
    } finally {
      this.#deployed.resolve();
      await this.#changing;
    }
  }

  /** Another server drives the job by now: ends `run`, which rejects. */
  abandon(reason: TrainyardError): void {
    this.#lost.abort(reason);
  }

  async #follow(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { lease, logs, provider, watch, growing, pauseMs, logger, advanced } = this.#options;
    const collector = new Collector({
      provider,
      ref,
      lease,
      logs,
      growing,
      pauseMs,
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
      const { job, changes, times } = this.#options;
      const { lostAfterMs } = times;
      const options = { jobId: job.id, collector, provider, changes, lostAfterMs, logger };
      const end = await collectLog(options, signal);
      const state = end?.state;
      if (state) await this.#saveState(state, (now) => transition(now, state, Date.now()), signal);
      await this.#changing;
      if (end?.gap && !signal.aborted) await recordGap(end.gap, logs, lease);
      if (!signal.aborted) await this.#change((job) => this.#progressOf(job, collector));
      // A log can end before its provider has said so of the job.
      await untilOver(ref.jobId, this.#options.changes, signal);
    } finally {
      unwatch();
    }
  }

  #heard(report: StatusReport, signal: AbortSignal): void {
    if ('state' in report) {
      // One who answers again may be asked for the log again; one who always does tells nothing of it.
      if (this.#isSilent) this.#answered.wake();
      this.#isSilent = false;
      this.#deniedSince = null;
      const { state } = report;
      this.#later(() => this.#saveState(state, (job) => this.#stateOf(job, state), signal));
      this.#later(() => this.#cancellation.look(signal));
    } else {
      this.#isSilent = true;
      if (codeOf(report.error) === 'NOT_FOUND') this.#denied();
    }
    this.#later(() => this.#change((job) => ({ notice: this.#noticeOf(job) })));
  }

  /** Why lines may be missing; where only the log is still waited for, how to stop waiting. */
  #noticeOf(job: Job): LogNotice | null {
    const awaitsLog = isOver(job.status);
    const { provider } = this.#options;
    const notice = provider.logNotice(job, { awaitsLog }) ?? this.#logTrouble();
    if (!notice || !awaitsLog) return notice;
    return { ...notice, help: [...notice.help, giveUpHelp] };
  }

  /** That the log cannot be read, once it is so for longer than a moment. */
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

  /** An end that is heard while a cancel is under way is that of the cancel, where this is accepted. */
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

  /** Where log and provider both tell the progress, the log is nearer to the truth. */
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
    const message = `The provider ${provider.name} no longer knows this job; how it ended is not known.`;
    return this.#change((now) => {
      if (isOver(now.status)) return null;
      // It may run on where it was deployed to; its provider is to be set back, or the job let go.
      if (isElsewhere(now, provider)) return now.stale ? null : { stale: true };
      logger.warn({ job: job.id, provider: provider.name }, message);
      const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
      return applyEvent(now, { name: 'denied', now: Date.now(), failure });
    });
  }

  #saveProgress(collector: Collector): void {
    const now = performance.now();
    const { times, pauseMs } = this.#options;
    // Of many jobs that nobody follows, each is in no hurry.
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

  /** Changes one after the other, so that what was heard first is saved first; a failing one is logged and left: it will be heard again. */
  #later(change: () => Promise<unknown>): void {
    this.#changing = this.#changing.then(change).catch((error: unknown) => {
      if (error instanceof TrainyardError && error.code === 'CONFLICT') this.abandon(error);
      const facts = { job: this.#options.job.id, code: codeOf(error) };
      this.#options.logger.warn(facts, `the job's state is not saved yet: ${messageOf(error)}`);
    });
  }
}
