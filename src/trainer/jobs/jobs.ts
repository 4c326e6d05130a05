import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { Hints } from '../../lib/async/hints.ts';
import { makeFolder } from '../../lib/system/make-folder.ts';
import { jobFolder, jobIdPattern } from '../disk/job-folder.ts';
import { isOver, type JobRecord, loadRecord } from '../disk/record.ts';
import { OpenLogs } from '../log/open-logs.ts';
import { acceptJob, digestOf } from './accept.ts';
import { DiskGuard, type DiskGuardOptions } from './disk-guard.ts';
import type { ExecuteRequest } from './execute-request.ts';
import { Job, type JobOptions } from './job.ts';

const maxQueued = 10_000;
/** How many records are read at the same time when the server starts. */
const loadBatch = 64;

export interface JobsOptions
  extends Omit<JobOptions, 'logs' | 'onChange' | 'disk'>,
    Pick<DiskGuardOptions, 'reserveBytes' | 'readSpace'> {
  dataDir: string;
  /** Jobs that run at a time. */
  concurrency: number;
}

/** Why a queued job does not run yet. */
export interface QueueWait {
  /** Its place in the queue; 1 for the job that starts next. */
  position: number;
  /** The job before it in the queue. For the first in the queue it is a running job. */
  ahead: string | null;
  /** How many jobs run at a time. */
  concurrency: number;
  /** Why no job is started: the disk has too little room. Null if it has enough. */
  lack: string | null;
}

/** All jobs of this server. They are queued first in, first out; some run at a time; all survive restarts. */
export class Jobs {
  /** Says that a job's log or status has changed, by the job's id. */
  readonly changes = new Hints<string>();
  /** Watches the room on the disk. While there is too little, jobs are held and none is started. */
  readonly disk: DiskGuard;
  readonly #options: JobsOptions;
  readonly #jobOptions: JobOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #damaged = new Set<string>();
  readonly #running = new Map<Job, Promise<void>>();
  readonly #closing = new AbortController();
  #queue: Job[] = [];
  #nextOrder = 1;
  #accepting: Promise<unknown> = Promise.resolve();

  /** Loads all jobs, queues those that wait, and adopts those that run. */
  static async open(options: JobsOptions): Promise<Jobs> {
    const folder = path.join(options.dataDir, 'jobs');
    makeFolder(folder);
    let jobs: Jobs | null = null;
    const disk = await DiskGuard.open({ ...options, folder, onChange: () => jobs?.heedDisk() });
    jobs = new Jobs(options, disk);
    try {
      await jobs.#load(folder);
    } catch (error) {
      await jobs.close();
      throw error;
    }
    return jobs;
  }

  private constructor(options: JobsOptions, disk: DiskGuard) {
    this.disk = disk;
    this.#options = options;
    const onChange = (id: string) => this.changes.give(id);
    this.#jobOptions = { ...options, logs: new OpenLogs(), disk, onChange };
  }

  /** Queues a job. The same request again resolves to the same job; another one with that id fails with `CONFLICT`. */
  accept(request: ExecuteRequest): Promise<JobRecord> {
    const accepted = this.#accepting.then(() => this.#accept(request));
    this.#accepting = accepted.catch(() => {});
    return accepted;
  }

  /** Fails with `NOT_FOUND`. */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new TrainyardError('NOT_FOUND', `there is no job ${id}`);
    return job;
  }

  /** Up to `limit` jobs, newest first. */
  newest(limit: number): Job[] {
    return [...this.#jobs.values()].slice(-limit).reverse();
  }

  /** In the order in which they will start. */
  queued(): JobRecord[] {
    return this.#queue.map((job) => job.record);
  }

  /** In the order in which they started. */
  running(): JobRecord[] {
    return [...this.#running.keys()].map((job) => job.shown);
  }

  /** The job's place in the queue, 1 for the next one; null if it is not queued. */
  position(id: string): number | null {
    const index = this.#queue.findIndex((job) => job.record.id === id);
    return index === -1 ? null : index + 1;
  }

  /** What a queued job waits for; null if the job is not queued. */
  waitOf(job: Job): QueueWait | null {
    const index = this.#queue.indexOf(job);
    if (index === -1) return null;
    const [running] = this.#running.keys();
    const ahead = this.#queue[index - 1] ?? running;
    return {
      position: index + 1,
      ahead: ahead?.record.id ?? null,
      concurrency: this.#options.concurrency,
      lack: this.disk.lack,
    };
  }

  /** See `Job.cancel`. */
  async cancel(id: string, options: { force: boolean }): Promise<JobRecord> {
    const job = this.get(id);
    const before = await job.cancel(options);
    this.#queue = this.#queue.filter((other) => other !== job || other.record.status === 'queued');
    return before;
  }

  /**
   * Starts a job now, whatever else runs. The job is queued, or it has failed or was cancelled and
   * runs once more. Resolves to the record before.
   */
  async forceStart(id: string): Promise<JobRecord> {
    const job = this.get(id);
    if (isOver(job.record)) await this.#running.get(job); // its run may just be ending
    const before = this.#queue.includes(job) ? job.record : await job.reopen();
    this.#queue = this.#queue.filter((other) => other !== job);
    this.#start(job);
    await job.settled();
    return before;
  }

  /** Holds the running jobs if the disk has too little room, or lets them go on. */
  heedDisk(): void {
    for (const job of this.#running.keys()) job.heedDisk();
    this.#startNext();
  }

  /** Stops looking after the jobs. Running jobs go on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.disk.close();
    await this.#accepting;
    await Promise.allSettled(this.#running.values());
    await this.#jobOptions.logs.close();
  }

  async #load(folder: string): Promise<void> {
    const ids = (await readdir(folder)).filter((id) => jobIdPattern.test(id));
    const jobs: Job[] = [];
    for (let at = 0; at < ids.length; at += loadBatch) {
      const some = ids.slice(at, at + loadBatch).map((id) => this.#loadOne(id));
      for (const job of await Promise.all(some)) if (job !== null) jobs.push(job);
    }
    jobs.sort((a, b) => a.record.order - b.record.order);
    this.#nextOrder = (jobs.at(-1)?.record.order ?? 0) + 1;
    for (const job of jobs) {
      this.#jobs.set(job.record.id, job);
      if (job.record.status === 'queued') this.#queue.push(job);
      else if (!isOver(job.record)) this.#start(job);
    }
    this.#startNext();
  }

  async #loadOne(id: string): Promise<Job | null> {
    const folder = jobFolder(this.#options.dataDir, id);
    try {
      const record = await loadRecord(folder.record);
      return record && new Job(record, folder, this.#jobOptions);
    } catch (error) {
      this.#damaged.add(id);
      const facts = { job: id, error: messageOf(error) };
      this.#options.logger.warn(facts, 'a job cannot be read; its folder is kept');
      return null;
    }
  }

  async #accept(request: ExecuteRequest): Promise<JobRecord> {
    const id = request.execution_id;
    const known = this.#jobs.get(id);
    if (known !== undefined) {
      if (known.record.digest === digestOf(request)) return known.record;
      throw new TrainyardError('CONFLICT', `job ${id} was asked for before, with another request`);
    }
    if (this.#damaged.has(id)) {
      throw new TrainyardError('CONFLICT', `job ${id} is here, but its folder cannot be read`);
    }
    if (this.#closing.signal.aborted) {
      throw new TrainyardError('STORE_UNAVAILABLE', 'the training server is shutting down');
    }
    if (this.#queue.length >= maxQueued) {
      throw new TrainyardError('RATE_LIMITED', `the queue is full: ${maxQueued} jobs wait`);
    }
    const { dataDir, recipes, recipeBase } = this.#options;
    const folder = jobFolder(dataDir, id);
    const order = this.#nextOrder;
    const record = await acceptJob(request, { folder, order, recipes, recipeBase });
    this.#nextOrder += 1;
    const job = new Job(record, folder, this.#jobOptions);
    this.#jobs.set(id, job);
    this.#queue.push(job);
    setImmediate(() => this.#startNext()); // after the answer has said "queued"
    return record;
  }

  #startNext(): void {
    while (this.#running.size < this.#options.concurrency && !this.#closing.signal.aborted) {
      if (this.disk.lack !== null) return;
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#start(job);
    }
  }

  #start(job: Job): void {
    const running = job.runToEnd(this.#closing.signal).finally(() => {
      this.#running.delete(job);
      this.#startNext();
    });
    this.#running.set(job, running);
  }
}
