import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { messageOf } from '../../core/errors.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { isRemoved, type JobFolder, withoutLog } from '../disk/job-folder.ts';
import { isOver, type JobRecord, saveRecord } from '../disk/record.ts';
import type { RunExit } from '../disk/run-files.ts';
import type { JobLog } from '../log/job-log.ts';
import type { HeldLog, OpenLogs } from '../log/open-logs.ts';
import { type LaunchOptions, writePlan } from '../process/launch.ts';
import type { DiskGuard } from './disk-guard.ts';
import { DiskHold, diskFullReason } from './disk-hold.ts';
import { conflict, outcome, over, refuseIfOver, refuseToReopen, reopened } from './outcome.ts';
import { Run, removedFolder } from './run.ts';

/** How long a pause waits for a job that is just starting. */
const startMs = 5000;

export interface JobOptions extends LaunchOptions {
  logs: OpenLogs;
  /** The room on the disk. */
  disk: Pick<DiskGuard, 'lack' | 'isFull'>;
  /** Called when the job's status or log has changed. */
  onChange: (id: string) => void;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** One job. Changes of its record are made one after the other, first on the disk and then in memory. */
export class Job {
  readonly folder: JobFolder;
  readonly #options: JobOptions;
  readonly #hold: DiskHold;
  #record: JobRecord;
  #changing: Promise<unknown> = Promise.resolve();
  /** Both are set while the job runs. */
  #run: Run | null = null;
  #log: JobLog | null = null;

  constructor(record: JobRecord, folder: JobFolder, options: JobOptions) {
    this.folder = folder;
    this.#record = record;
    this.#options = options;
    this.#hold = new DiskHold(options.disk);
  }

  get record(): JobRecord {
    return this.#record;
  }

  /** The record that clients see: a held job is shown as paused. */
  get shown(): JobRecord {
    return this.#hold.shown(this.#record);
  }

  /** Why the job is held; null if it is not. */
  get heldFor(): string | null {
    return this.#hold.reason;
  }

  /** The steps that are done and all steps, if the log tells them. */
  get steps(): Pick<JobRecord, 'step' | 'totalSteps'> {
    return this.#log?.metrics.progress ?? this.#record;
  }

  /** Its first process while it runs; null otherwise. */
  get pid(): number | null {
    return this.#run?.pid ?? null;
  }

  /** Opens the job's log. The caller disposes of it. */
  openLog(): Promise<HeldLog> {
    const { logs, onChange } = this.#options;
    const { id, logBytes } = this.#record;
    const onLines = () => onChange(id);
    const folder = isRemoved(this.folder) ? withoutLog(this.folder) : this.folder;
    return logs.hold(id, { folder, end: logBytes, onLines });
  }

  /** Ends the job, which will be cancelled whatever happens. Resolves to the record before. Fails with `CONFLICT` if the job is over. */
  async cancel(options: { force: boolean }): Promise<JobRecord> {
    const killMs = options.force ? 0 : this.#options.graceMs;
    const before = await this.#change((record) => {
      refuseIfOver(record);
      const now = Date.now();
      if (record.status === 'queued') return { ...over(now, 0), status: 'cancelled' };
      const killAt = now + killMs;
      return { cancel: { killAt: Math.min(killAt, record.cancel?.killAt ?? killAt) } };
    });
    if (before.status === 'queued') {
      using held = await this.openLog();
      await held.log.finish();
    } else {
      this.#hold.lift();
      this.#run?.stop(killMs);
    }
    return before;
  }

  /** Stops the job's processes until it is resumed. Resolves to the record before. */
  async pause(): Promise<JobRecord> {
    const started = await this.#run?.started(AbortSignal.timeout(startMs));
    const before = await this.#change((record) => {
      refuseIfOver(record);
      if (record.status !== 'running') throw conflict(record, 'only a running job can be paused');
      if (record.cancel !== null) throw conflict(record, 'it is being cancelled');
      if (!started) throw conflict(record, 'its process is only just starting or ending');
      return { status: 'paused' };
    });
    this.#run?.signal('SIGSTOP');
    return before;
  }

  /** Lets a paused job go on. Resolves to the record before. */
  async resume(): Promise<JobRecord> {
    const before = await this.#change((record) => {
      refuseIfOver(record);
      if (record.status !== 'paused') {
        throw conflict(record, this.heldFor ?? 'only a paused job can be resumed');
      }
      return { status: 'running' };
    });
    this.#hold.letGoOn(this.#record, this.#run);
    return before;
  }

  /**
   * Makes a failed or cancelled job queued again. Its log goes on; its token is gone. Resolves to the
   * record before. Fails with `CONFLICT` for any other job.
   */
  async reopen(): Promise<JobRecord> {
    using held = await this.openLog();
    if (isOver(this.#record)) await held.log.advance();
    const before = await this.#change((record) => {
      refuseToReopen(record, { folder: this.folder, lack: this.#options.disk.lack });
      // These files tell how the job ended the last time. They go before the record says that it is queued.
      for (const file of ['claim', 'process', 'exit'] as const)
        rmSync(this.folder[file], { force: true });
      return reopened;
    });
    await held.log.goOn('[trainyard] the job is started again');
    return before;
  }

  /** Holds the job if the disk has too little room, or lets it go on. */
  heedDisk(): void {
    const isChanged = this.#hold.heed(this.#record, this.#run, () => this.#noteFullDisk());
    if (isChanged) this.#options.onChange(this.#record.id);
  }

  /**
   * Starts the job if no earlier server has started it. Resolves when the job is over or the signal is
   * aborted. An error here comes from the disk or the system, so everything is tried again.
   */
  async runToEnd(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    const backoff = new Backoff({ firstMs: 1000, maxMs: 10_000 });
    while (!signal.aborted && !isOver(this.#record)) {
      try {
        await this.#runOnce(signal);
      } catch (error) {
        const facts = { job: this.#record.id, error: messageOf(error) };
        logger.error(facts, 'a job cannot be looked after; trying again');
        await waitMs(backoff.nextMs(), signal);
      } finally {
        this.#run = null;
        this.#log = null;
      }
    }
  }

  /** Resolves when all changes of the record so far are made. */
  async settled(): Promise<void> {
    await this.#changing;
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    if (isRemoved(this.folder)) return await this.#endRemoved();
    const before = await this.#change((record) =>
      record.status === 'queued' ? { status: 'running', startedAt: Date.now() } : null,
    );
    const { id } = this.#record;
    if (isOver(this.#record)) return; // it was cancelled at this moment
    logger.info({ job: id }, before.status === 'queued' ? 'a job starts' : 'a job is adopted');
    using held = await this.openLog();
    const { log } = held;
    const onLog = () => void log.advance().catch(this.#warn("a job's log cannot be read"));
    const run = new Run({
      folder: this.folder,
      launch: this.#options,
      writePlan: () => writePlan(this.folder, this.#record, this.#options),
      onLog,
    });
    this.#run = run;
    this.#log = log;
    this.heedDisk();
    if (before.status !== 'queued') this.#hold.letGoOn(this.#record, run);
    const { cancel } = this.#record;
    // The clock may have jumped since then, so the rest of the grace is at most the whole grace.
    if (cancel !== null) run.stop(Math.min(cancel.killAt - Date.now(), this.#options.graceMs));
    onLog();
    const exit = await run.follow(signal);
    if (exit !== null) await this.#end(exit, log);
  }

  #noteFullDisk(): void {
    this.#log
      ?.addGap(diskFullReason)
      .catch(this.#warn('that the disk was full cannot be saved yet'));
  }

  #warn(what: string): (error: unknown) => void {
    return (error) => {
      this.#options.logger.warn({ job: this.#record.id, error: messageOf(error) }, what);
    };
  }

  async #endRemoved(): Promise<void> {
    using held = await this.openLog();
    const finishedAt = Date.now();
    await this.#end({ code: null, signal: null, error: removedFolder, finishedAt }, held.log);
  }

  async #end(exit: RunExit, log: JobLog): Promise<void> {
    const logBytes = await log.finish();
    if (exit.diskFull && log.lossReason !== diskFullReason) await log.addGap(diskFullReason);
    const { step, totalSteps } = log.metrics.progress;
    this.#hold.lift();
    await rm(this.folder.plan, { force: true });
    await this.#change((record) => ({
      ...over(exit.finishedAt, logBytes),
      ...outcome(record, exit),
      step,
      totalSteps,
    }));
    const { id, status, exitCode, errorMessage } = this.#record;
    this.#options.logger.info({ job: id, status, exitCode, errorMessage }, 'a job is over');
  }

  /** Resolves to the record before. */
  #change(change: (record: JobRecord) => Partial<JobRecord> | null): Promise<JobRecord> {
    const changed = this.#changing.then(async () => {
      const before = this.#record;
      const patch = change(before);
      if (patch === null) return before;
      const record = { ...before, ...patch, updatedAt: Date.now() };
      // If the folder was removed, the end is kept in memory only: it is forgotten when the server ends.
      const lost = isOver(record) && isRemoved(this.folder);
      if (!lost) await saveRecord(this.folder.record, record);
      this.#record = record;
      this.#options.onChange(record.id);
      return before;
    });
    this.#changing = changed.catch(() => {});
    return changed;
  }
}
