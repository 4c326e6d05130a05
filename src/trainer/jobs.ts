import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TrainyardError } from '../core/errors.ts';
import { Hints } from '../lib/hints.ts';
import type { Logger } from '../lib/logger.ts';
import { waitMs } from '../lib/wait.ts';
import { acceptJob, digestOf } from './accept.ts';
import { type JobFolder, jobFolder } from './job-folder.ts';
import type { JobLog } from './job-log.ts';
import { type LaunchOptions, writePlan } from './launch.ts';
import { type HeldLog, OpenLogs } from './open-logs.ts';
import { isOver, type JobRecord, loadRecord, makePrivateFolder, saveRecord } from './record.ts';
import { type ExecuteRequest, jobIdShape } from './request.ts';
import { Run } from './run.ts';
import type { RunExit } from './run-files.ts';

const maxQueued = 10_000;
const retryMs = 1000;

export interface JobsOptions extends LaunchOptions {
  dataDir: string;
  /** Jobs that run at a time. */
  concurrency: number;
  /** From a cancel to SIGKILL. */
  graceMs: number;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

interface Entry {
  record: JobRecord;
  folder: JobFolder;
  /** From its start to its end, also when an earlier server started it. */
  run: Run | null;
  /** While it runs. */
  log: JobLog | null;
  /** Changes of one record come one after the other. */
  changing: Promise<unknown>;
}

/**
 * All jobs of this server: queued first in, first out, a few at a time. What is saved in the jobs'
 * folders is the truth; a change that could not be saved did not happen.
 */
export class Jobs {
  /** Hints that a job's log or status has changed, by the job's id. */
  readonly changes = new Hints<string>();
  readonly #options: JobsOptions;
  readonly #logs = new OpenLogs();
  readonly #jobs = new Map<string, Entry>();
  readonly #damaged = new Set<string>();
  readonly #closing = new AbortController();
  readonly #running = new Map<Entry, Promise<void>>();
  #queue: Entry[] = [];
  #nextOrder = 1;
  #accepting: Promise<unknown> = Promise.resolve();

  /** Loads every job, queues those that wait and adopts those that run. */
  static async open(options: JobsOptions): Promise<Jobs> {
    const jobs = new Jobs(options);
    await jobs.#load();
    return jobs;
  }

  private constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** Queues a job; asked twice for the same, it answers with the first. Another one of the same id is a `CONFLICT`. */
  accept(request: ExecuteRequest): Promise<JobRecord> {
    const accepted = this.#accepting.then(() => this.#accept(request));
    this.#accepting = accepted.catch(() => {});
    return accepted;
  }

  /** Fails with `NOT_FOUND`. */
  get(id: string): JobRecord {
    return this.#entry(id).record;
  }

  /** Oldest first. */
  all(): JobRecord[] {
    return [...this.#jobs.values()].map((entry) => entry.record);
  }

  /** In the order in which they will start. */
  queued(): JobRecord[] {
    return this.#queue.map((entry) => entry.record);
  }

  /** In the order in which they started. */
  running(): JobRecord[] {
    return [...this.#running.keys()].map((entry) => entry.record);
  }

  /** 1 for the job that starts next; null for one that is not queued. */
  position(id: string): number | null {
    const index = this.#queue.findIndex((entry) => entry.record.id === id);
    return index === -1 ? null : index + 1;
  }

  /** Steps done and to be done, as far as the log tells. */
  steps(id: string): Pick<JobRecord, 'step' | 'totalSteps'> {
    const { log, record } = this.#entry(id);
    return log?.metrics.progress ?? record;
  }

  /** A job's log, to be disposed of when it is read. */
  log(id: string): Promise<HeldLog> {
    const { folder, record } = this.#entry(id);
    const onLines = () => this.changes.give(id);
    return this.#logs.hold(id, { folder, end: record.logBytes, onLines });
  }

  /** Ends a job: from now on it can only become cancelled. Resolves to what it was before. `CONFLICT`: it was over. */
  async cancel(id: string, options: { force: boolean }): Promise<JobRecord> {
    const entry = this.#entry(id);
    const before = await this.#change(entry, (record) => {
      refuseIfOver(record);
      const now = Date.now();
      if (record.status === 'queued') return { ...over(record, now), status: 'cancelled' };
      const killAt = options.force ? now : now + this.#options.graceMs;
      return { cancel: { killAt: Math.min(killAt, record.cancel?.killAt ?? killAt) } };
    });
    if (before.status === 'queued') this.#queue = this.#queue.filter((other) => other !== entry);
    else if (entry.record.cancel !== null) entry.run?.stop(entry.record.cancel.killAt);
    return before;
  }

  /** Stops a job's processes until it is resumed; it keeps its place among the running ones. */
  pause(id: string): Promise<JobRecord> {
    const entry = this.#entry(id);
    return this.#change(entry, (record) => {
      refuseIfOver(record);
      if (record.status !== 'running') throw conflict(record, 'only a running job can be paused');
      if (record.cancel !== null) throw conflict(record, 'it is being cancelled');
      if (!entry.run?.started) throw conflict(record, 'it is only just starting or ending');
      return { status: 'paused' };
    }).then((before) => {
      entry.run?.signal('SIGSTOP');
      return before;
    });
  }

  resume(id: string): Promise<JobRecord> {
    const entry = this.#entry(id);
    return this.#change(entry, (record) => {
      refuseIfOver(record);
      if (record.status !== 'paused') throw conflict(record, 'only a paused job can be resumed');
      entry.run?.signal('SIGCONT');
      return { status: 'running' };
    });
  }

  /** Starts a queued job now, whatever else runs. */
  async forceStart(id: string): Promise<JobRecord> {
    const entry = this.#entry(id);
    const before = entry.record;
    if (before.status !== 'queued' || !this.#queue.includes(entry)) {
      throw conflict(before, 'only a queued job can be started');
    }
    this.#queue = this.#queue.filter((other) => other !== entry);
    this.#start(entry);
    await this.#change(entry, () => null);
    return before;
  }

  /** Lets go of the jobs: those that run, run on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#accepting;
    await Promise.allSettled(this.#running.values());
    await this.#logs.close();
  }

  async #load(): Promise<void> {
    const folder = path.join(this.#options.dataDir, 'jobs');
    await makePrivateFolder(folder);
    const ids = (await readdir(folder)).filter((id) => jobIdShape.safeParse(id).success);
    const entries: Entry[] = [];
    for (let at = 0; at < ids.length; at += 64) {
      const some = ids.slice(at, at + 64).map((id) => this.#loadOne(id));
      for (const entry of await Promise.all(some)) if (entry !== null) entries.push(entry);
    }
    entries.sort((a, b) => a.record.order - b.record.order);
    for (const entry of entries) this.#jobs.set(entry.record.id, entry);
    this.#nextOrder = (entries.at(-1)?.record.order ?? 0) + 1;
    for (const entry of entries) {
      if (entry.record.status === 'queued') this.#queue.push(entry);
      else if (!isOver(entry.record)) this.#start(entry);
    }
    this.#startNext();
  }

  async #loadOne(id: string): Promise<Entry | null> {
    const folder = jobFolder(this.#options.dataDir, id);
    try {
      const record = await loadRecord(folder.record);
      return record && { record, folder, run: null, log: null, changing: Promise.resolve() };
    } catch (error) {
      this.#damaged.add(id);
      this.#options.logger.warn(
        { job: id, error: messageOf(error) },
        'a job cannot be read; its folder is kept',
      );
      return null;
    }
  }

  async #accept(request: ExecuteRequest): Promise<JobRecord> {
    const id = request.execution_id;
    const known = this.#jobs.get(id);
    if (known !== undefined) {
      if (known.record.digest === digestOf(request)) return known.record;
      throw new TrainyardError('CONFLICT', `job ${id} is another one already: its request differs`);
    }
    if (this.#damaged.has(id)) {
      throw new TrainyardError(
        'CONFLICT',
        `job ${id} is here already, in a folder that cannot be read`,
      );
    }
    if (this.#closing.signal.aborted) {
      throw new TrainyardError('STORE_UNAVAILABLE', 'the training server is shutting down');
    }
    if (this.#queue.length >= maxQueued) {
      throw new TrainyardError('RATE_LIMITED', `the queue is full: ${maxQueued} jobs wait`);
    }
    const { dataDir, recipes, recipeBase } = this.#options;
    const folder = jobFolder(dataDir, id);
    const record = await acceptJob(request, {
      folder,
      order: this.#nextOrder,
      recipes,
      recipeBase,
    });
    this.#nextOrder += 1;
    const entry: Entry = { record, folder, run: null, log: null, changing: Promise.resolve() };
    this.#jobs.set(id, entry);
    this.#queue.push(entry);
    setImmediate(() => this.#startNext());
    return record;
  }

  #startNext(): void {
    while (this.#running.size < this.#options.concurrency && !this.#closing.signal.aborted) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      this.#start(entry);
    }
  }

  #start(entry: Entry): void {
    const running = this.#runToEnd(entry).finally(() => {
      entry.run = null;
      entry.log = null;
      this.#running.delete(entry);
      this.changes.give(entry.record.id);
      this.#startNext();
    });
    this.#running.set(entry, running);
  }

  /** What fails here is the disk or the system: tried again until it works or the server closes. */
  async #runToEnd(entry: Entry): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#closing;
    const { id } = entry.record;
    while (!signal.aborted && !isOver(entry.record)) {
      try {
        await this.#run(entry, signal);
      } catch (error) {
        logger.error(
          { job: id, error: messageOf(error) },
          'a job cannot be looked after; trying again',
        );
        await waitMs(retryMs, signal);
      }
    }
  }

  async #run(entry: Entry, signal: AbortSignal): Promise<void> {
    const { logger, nodePath } = this.#options;
    const { folder } = entry;
    const { id } = entry.record;
    await this.#change(entry, (record) =>
      record.status === 'queued' ? { status: 'running', startedAt: Date.now() } : null,
    );
    if (isOver(entry.record)) return; // cancelled in that moment
    using held = await this.log(id);
    const onLog = () => {
      held.log.advance().catch((error: unknown) => {
        logger.warn({ job: id, error: messageOf(error) }, "a job's log cannot be read");
      });
    };
    const run = new Run({
      folder,
      nodePath,
      writePlan: () => writePlan(folder, entry.record, this.#options),
      onLog,
    });
    entry.run = run;
    entry.log = held.log;
    if (entry.record.cancel !== null) run.stop(entry.record.cancel.killAt);
    onLog();
    const exit = await run.follow(signal);
    if (exit === null) return;
    const logBytes = await held.log.finish();
    const { step, totalSteps } = held.log.metrics.progress;
    const end = { logBytes, step, totalSteps };
    await this.#change(entry, (record) => ({ ...outcome(record, exit), ...end }));
    const { status, exitCode, errorMessage } = entry.record;
    logger.info({ job: id, status, exitCode, errorMessage }, 'a job is over');
  }

  /** Saves a change, then lets others see it. Resolves to the record before. */
  #change(
    entry: Entry,
    change: (record: JobRecord) => Partial<JobRecord> | null,
  ): Promise<JobRecord> {
    const changed = entry.changing.then(async () => {
      const before = entry.record;
      const patch = change(before);
      if (patch === null) return before;
      const record = { ...before, ...patch, updatedAt: Date.now() };
      await saveRecord(entry.folder.record, record);
      entry.record = record;
      this.changes.give(record.id);
      return before;
    });
    entry.changing = changed.catch(() => {});
    return changed;
  }

  #entry(id: string): Entry {
    const entry = this.#jobs.get(id);
    if (entry === undefined) throw new TrainyardError('NOT_FOUND', `there is no job ${id}`);
    return entry;
  }
}

function outcome(record: JobRecord, exit: RunExit): Partial<JobRecord> {
  const why = exit.error ?? whyFailed(exit);
  return {
    ...over(record, exit.finishedAt),
    status: record.cancel !== null ? 'cancelled' : why === null ? 'completed' : 'failed',
    exitCode: exit.code,
    signal: exit.signal,
    errorMessage: record.cancel !== null ? null : why,
  };
}

function whyFailed({ code, signal }: RunExit): string | null {
  if (signal !== null) return `the process was ended by ${signal}`;
  return code === 0 ? null : `the process ended with exit code ${code}`;
}

function over(record: JobRecord, finishedAt: number): Partial<JobRecord> {
  return { finishedAt, jobToken: null, logBytes: record.logBytes ?? 0 };
}

function refuseIfOver(record: JobRecord): void {
  if (isOver(record)) throw conflict(record, `it is ${record.status} already`);
}

function conflict(record: JobRecord, why: string): TrainyardError {
  return new TrainyardError('CONFLICT', `job ${record.id}: ${why}`, {
    details: { previousStatus: record.status },
  });
}
