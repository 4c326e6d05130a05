import type { Stretch } from './curve.ts';
import type { Job, JobFilter, JobPatch, JobStatus, NewJob } from './job.ts';
import type { LineBlock, LogGap, MetricPoint, MetricSeries, PlacedBlock } from './log.ts';

/**
 * The ports that a store implements. Every method may fail with `STORE_UNAVAILABLE` (locked, full,
 * closed): the caller may try again, nothing was half done. What is read of a log and is not as it was
 * stored fails with `DATA_DAMAGED`, whose details name the lines; it is never wrong text.
 */
export interface Store {
  readonly jobs: JobStore;
  readonly logs: LogStore;
  readonly leases: LeaseStore;
  /** Writes and reads back; rejects where the store cannot be written. */
  check(): Promise<void>;
  /** Flushes and closes. Closing twice is fine. */
  close(): Promise<void>;
}

/** Jobs between two others, as Relay's connections cut them; `after` and `before` are seqs. */
export interface JobListOptions {
  /** The most jobs of the page. */
  limit: number;
  /** Only jobs older than this one. */
  after?: number | null;
  /** Only jobs newer than this one. */
  before?: number | null;
  /** Where there are more than `limit`: the oldest of them, not the newest. */
  fromEnd?: boolean;
  filter: JobFilter;
}

export interface JobPage {
  jobs: Job[];
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  totalCount: number;
}

export interface JobStore {
  /**
   * Saves a new job as QUEUED, synced to the disk before it resolves. Where the idempotency key
   * is taken, the job that holds it comes back with `created: false`.
   */
  insert(job: NewJob): Promise<{ job: Job; created: boolean }>;
  get(id: string): Promise<Job | null>;
  /** The job that holds an idempotency key. */
  findByKey(idempotencyKey: string): Promise<Job | null>;
  /**
   * Changes a job in one transaction: `change` sees the job as it stands and returns what to
   * change, or null for nothing. Resolves to the job as it then is and whether anything
   * changed; null where there is no such job. A job that is over keeps its status. An intent or an
   * end (status, external id, cancel) is on the disk before it resolves; all else may be lost with the machine's power.
   * With a lease it rejects with `CONFLICT`, and changes nothing, where a newer one of the job exists.
   */
  update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease?: Lease,
  ): Promise<{ job: Job; changed: boolean } | null>;
  /** A page of jobs, newest first. */
  list(options: JobListOptions): Promise<JobPage>;
  /** Every job that is not over or whose log is not complete, oldest first. */
  unfinished(): Promise<Job[]>;
  /** Removes a job with all its lines. False where there is none. */
  delete(id: string): Promise<boolean>;
  /** Up to 1000 changes after one, in order: of every server, each written in the transaction of what changed. */
  changes(after: number): Promise<JobChangePage>;
}

/** `PROGRESS`: nothing changed but how far the job is, or what it costs. */
export type JobChangeKind = 'CREATED' | 'CHANGED' | 'PROGRESS' | 'LOG_COMPLETE' | 'DELETED';

/** That a job has changed, not how it now is: that is read from the job. */
export interface JobChange {
  /** Grows with every change of a store, with holes. */
  seq: number;
  jobId: string;
  kind: JobChangeKind;
  /** The status that the job then had. */
  status: JobStatus;
  /** The fields of the job that changed. */
  changed: string[];
  /** Milliseconds since 1970, UTC. */
  time: number;
}

/**
 * A page of changes. Kept are the newest 100 of a job, of these one `PROGRESS`, and 100,000 in all; a change
 * that was dropped has a later one of the same job behind it, but where `isWhole` says otherwise.
 */
export interface JobChangePage {
  changes: JobChange[];
  /** The newest change of all, 0 where there is none yet: where to begin. */
  newest: number;
  /** False: jobs may have changed since `after` of which nothing is told here. List them anew. */
  isWhole: boolean;
}

/** What the store knows of a log without reading a line of it. */
export interface LogHead {
  /** Lines stored; the offset of the next one. */
  total: number;
  /** Where the provider is to be read on; opaque, null at the start. */
  cursor: string | null;
  /** What the collector wants to find again after a crash; opaque. */
  collectorState: string | null;
  /** The job is over and every line is here. */
  complete: boolean;
}

export interface Append extends LineBlock {
  cursor: string | null;
  collectorState: string | null;
  /** Reasons for holes; each lies before the line of this batch at index `before`. */
  gaps?: { before: number; reason: string }[];
  metrics?: MetricPoint[];
}

/** A stretch of a scan: `block` is null where `maybe` said that nothing can match. */
export interface ScanStretch {
  first: number;
  count: number;
  block: PlacedBlock | null;
}

/** Lines of a log as its source has them; null where it has them no more, or numbers them otherwise. */
export type SourceLines = (range: { first: number; count: number }) => Promise<string[] | null>;

/** Append-only lines a job, numbered densely from 0. */
export interface LogStore {
  /** The head of a job's log; an unknown job has an empty one. */
  head(jobId: string): Promise<LogHead>;
  /**
   * Appends lines, cursor, collectorState, gaps and metrics in one transaction. Rejects with `CONFLICT`
   * where the lease is not the job's newest one, or the log is complete; nothing is written then.
   */
  append(lease: Lease, batch: Append): Promise<LogHead>;
  /** Marks the log as complete; same rule for the lease. */
  complete(lease: Lease): Promise<LogHead>;
  /**
   * Up to `limit` lines from `offset` on and about `maxChars` of text, yet one line at least where there is
   * one. Ends before damaged lines; `DATA_DAMAGED` where it would begin with one.
   */
  read(
    jobId: string,
    options: { offset: number; limit: number; maxChars: number },
  ): Promise<PlacedBlock>;
  /**
   * Goes over the log from `from` on, in order, one stored chunk a stretch. `maybe` looks at a
   * chunk's UTF-8 text (lines joined by \n) and says false to skip it unsplit. `DATA_DAMAGED` where it
   * comes to damaged lines.
   */
  scan(
    jobId: string,
    options: { from: number; maybe?: (text: Buffer) => boolean; signal?: AbortSignal },
  ): AsyncIterable<ScanStretch>;
  /**
   * Puts back the damaged lines that the line `line` is among, as `fetch` has them, where they are proved to
   * be those that were stored. False where nothing was damaged or could be put back.
   */
  mend(jobId: string, line: number, fetch: SourceLines): Promise<boolean>;
  /** Gaps with `from <= offset <= to`, in order, at most 1000. */
  gaps(jobId: string, range: { from: number; to: number }): Promise<LogGap[]>;
  /**
   * Series in order of first appearance, at most 64; of each at most `maxPoints` points, which show the least and
   * the greatest value of every stretch and the first that is not finite, the last value in any case.
   */
  metrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]>;
  /**
   * One series between two steps, as at most `most` stretches that follow each other; all of 2^n values, where the
   * store has them so fine, from a multiple of 2^n on. It keeps 2048 stretches at least of a series that has as many
   * values, and 4160 at most.
   */
  stretches(
    jobId: string,
    options: { name: string; fromStep: number; toStep: number; most: number },
  ): Promise<readonly Stretch[]>;
}

/** The right to append to one job's log, and to drive the job. A newer lease of the same job has a higher fence. */
export interface Lease {
  readonly jobId: string;
  readonly fence: number;
}

/** Which server collects which job. A lease ends when its server has not renewed for `leaseMs`. */
export interface LeaseStore {
  readonly leaseMs: number;
  /** Takes the job's lease where it is free, expired, or held by this server; else null. */
  claim(jobId: string): Promise<Lease | null>;
  /** To be called at least every third of `leaseMs`; keeps all of this server's leases. */
  renew(): Promise<void>;
  /**
   * False as soon as another server may have taken the lease: this one has not renewed for `leaseMs` by the
   * monotonic clock, or found at its last renewal that it was taken. To be asked right before a provider is
   * told to do anything.
   */
  isValid(lease: Lease): boolean;
  /** Gives one lease back; without an argument all of this server's. */
  release(lease?: Lease): Promise<void>;
}
