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
import { DiskHold } from './disk-hold.ts';
import { conflict, outcome, over, refuseIfOver, refuseToReopen, reopened } from './outcome.ts';
import { Run, removedFolder } from './run.ts';

/** How long a pause waits for a job that is only just starting. */
const startMs = 5000;

const fullReason =
  'The disk of the training server was full while the job ran: what it printed then is lost, and the line before or after is torn';

export interface JobOptions extends LaunchOptions {
  logs: OpenLogs;
  /** The room on the disk. */
  disk: Pick<DiskGuard, 'lack' | 'isFull'>;
  /** Called when the job's status or log has changed. */
  onChange: (id: string) => void;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** One job's life. Its record changes in memory once the change is on the disk, one change after the other. */
export class Job {
  readonly folder: JobFolder;
  readonly #options: JobOptions;
  readonly #hold: DiskHold;
  #record: JobRecord;
  #changing: Promise<unknown> = Promise.resolve();
  /** Both are there while it runs. */
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

  /** The same as others shall see it: a job that is held is paused. */
  get shown(): JobRecord {
    return this.#hold.shown(this.#record);
  }

  /** Why it is held; null where it is not. */
  get heldFor(): string | null {
    return this.#hold.reason;
  }

  /** Steps done and to be done, as far as the log tells. */
  get steps(): Pick<JobRecord, 'step' | 'totalSteps'> {
    return this.#log?.metrics.progress ?? this.#record;
  }

  /** The job's log, to be disposed of when it is read. */
  openLog(): Promise<HeldLog> {
    const { logs, onChange } = this.#options;
    const { id, logBytes } = this.#record;
    const onLines = () => onChange(id);
    const folder = isRemoved(this.folder) ? withoutLog(this.folder) : this.folder;
    return logs.hold(id, { folder, end: logBytes, onLines });
  }

  /** Ends the job: from now on it can only become cancelled. Resolves to its record before. `CONFLICT`: it was over. */
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

  /** Stops the job's processes until it is resumed. Resolves to its record before. */
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

  /** Lets a paused job go on. Resolves to its record before. */
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
   * Makes a job that has failed or was cancelled one that is queued; its log goes on. Its token is
   * gone. Resolves to its record before; `CONFLICT` for any other job.
   */
  async reopen(): Promise<JobRecord> {
    using held = await this.openLog();
    if (isOver(this.#record)) await held.log.advance();
    const before = await this.#change((record) => {
      refuseToReopen(record, { folder: this.folder, lack: this.#options.disk.lack });
      // Before the record says that it is queued: these would tell how it ended the last time.
      for (const file of ['claim', 'process', 'exit'] as const)
        rmSync(this.folder[file], { force: true });
      return reopened;
    });
    await held.log.goOn('[trainyard] the job is started again');
    return before;
  }

  /** Holds the job, or lets it go on, as the disk has room. */
  heedDisk(): void {
    const onLoss = () => this.#noteFullDisk();
    if (this.#hold.heed(this.#record, this.#run, onLoss)) this.#options.onChange(this.#record.id);
  }

  /**
   * Starts the job, unless an earlier server did, and resolves when it is over or the signal is
   * aborted. What fails here is the disk or the system: it is tried again until it works.
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

  /** Resolves when the changes that are under way are done. */
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
    if (isOver(this.#record)) return; // cancelled in that moment
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
    // The clock may have jumped since: what is left of the grace is never more than all of it.
    if (cancel !== null) run.stop(Math.min(cancel.killAt - Date.now(), this.#options.graceMs));
    onLog();
    const exit = await run.follow(signal);
    if (exit !== null) await this.#end(exit, log);
  }

  #noteFullDisk(): void {
    this.#log?.addGap(fullReason).catch(this.#warn('that the disk was full cannot be saved yet'));
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
    if (exit.diskFull && log.lossReason !== fullReason) await log.addGap(fullReason);
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
      // The end of a job whose folder was removed is known until the server ends, and no longer.
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
