import type { Stretch } from './curve.ts';
import type { Job, JobFilter, JobPatch, JobStatus, NewJob } from './job.ts';
import type { LineBlock, LogGap, MetricPoint, MetricSeries, PlacedBlock } from './log.ts';
import type { LineNeeds } from './needs.ts';

/**
 * The ports that a store implements. Every method may fail with `STORE_UNAVAILABLE` (locked, full,
 * closed): nothing was half done, and the caller may try again. Reading lines that are no longer as they were
 * stored fails with `DATA_DAMAGED`, whose details name the lines; a read never returns wrong text.
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
  /** Where there are more than `limit`, returns the oldest of them instead of the newest. */
  fromEnd?: boolean;
  filter: JobFilter;
}

/** A value that jobs can be put in order by, besides their creation. Jobs without one come last. */
export const jobOrders = ['FINISHED', 'DURATION', 'LOSS'] as const;

export interface JobOrder {
  /** `DURATION` of a job that runs counts until `now`. `LOSS` is the last one of its progress. */
  by: (typeof jobOrders)[number];
  /** True for the greatest first. */
  descending: boolean;
}

/** The place of a job in such an order. */
export interface JobPlace {
  seq: number;
  value: number | null;
}

/** As `JobListOptions`, in another order. */
export interface OrderedListOptions {
  order: JobOrder;
  limit: number;
  after: JobPlace | null;
  before: JobPlace | null;
  fromEnd: boolean;
  filter: JobFilter;
  /** Milliseconds since 1970, UTC. Pages of one list should have the same. */
  now: number;
}

/** `values` are those that the jobs are put in order by. */
export interface OrderedJobPage extends JobPage {
  values: (number | null)[];
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
   * changed; null where there is no such job. A job that is over keeps its status. A change of status,
   * external id or cancel is on the disk before it resolves; a power failure may lose all other changes.
   * With a lease, it rejects with `CONFLICT` and changes nothing where the job has a newer lease.
   */
  update(
    id: string,
    change: (job: Job) => JobPatch | null,
    lease?: Lease,
  ): Promise<{ job: Job; changed: boolean } | null>;
  /** A page of jobs, newest first. */
  list(options: JobListOptions): Promise<JobPage>;
  /** A page of jobs in another order. Rejects with `BAD_USER_INPUT` where over 10,000 jobs pass the filter. */
  listOrdered(options: OrderedListOptions): Promise<OrderedJobPage>;
  /** How many jobs of a filter have each status; a status that none has is absent. */
  counts(filter: JobFilter): Promise<Map<JobStatus, number>>;
  /** Every job that is not over or whose log is not complete, oldest first. */
  unfinished(): Promise<Job[]>;
  /** Removes a job with all its lines. False where there is none. */
  delete(id: string): Promise<boolean>;
  /** Up to 1000 changes after the one with this seq, in order, by all servers. Each was written in the transaction of the change itself. */
  changes(after: number): Promise<JobChangePage>;
}

/** `PROGRESS`: only the job's progress or cost changed. */
export type JobChangeKind = 'CREATED' | 'CHANGED' | 'PROGRESS' | 'LOG_COMPLETE' | 'DELETED';

/** Says that a job has changed, not how it is now: the job itself tells that. */
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
 * A page of changes. The store keeps the newest 100 of each job, at most one of them `PROGRESS`, and 100,000
 * in all. Where it dropped a change, a later one of the same job follows, unless `isWhole` is false.
 */
export interface JobChangePage {
  changes: JobChange[];
  /** The seq of the newest change of all, 0 where there is none yet; a new reader begins there. */
  newest: number;
  /** False where changes since `after` may be missing here: the reader must list all jobs anew. */
  isWhole: boolean;
}

/** What the store knows of a log without reading a line of it. */
export interface LogHead {
  /** Lines stored; the offset of the next one. */
  total: number;
  /** Where to continue reading at the provider; opaque, null at the start. */
  cursor: string | null;
  /** What the collector wants to find again after a crash; opaque. */
  collectorState: string | null;
  /** The job is over and every line is here. */
  complete: boolean;
}

/** How far a log goes, for its readers. */
export interface LogExtent {
  /** Lines stored; the offset of the next one. */
  total: number;
  /** The job is over and every line is here. */
  complete: boolean;
  /**
   * False where the log's head is damaged: `total` is then what the stored lines themselves prove, there may have
   * been more, and whether the log is complete cannot be told. `read` and `scan` fail from there on.
   */
  isProven: boolean;
}

export interface Append extends LineBlock {
  cursor: string | null;
  collectorState: string | null;
  /** Reasons for holes; each lies before the line of this batch at index `before`. */
  gaps?: { before: number; reason: string }[];
  metrics?: MetricPoint[];
  /** Nobody waits for the lines: they may be stored a moment later, together with those of other jobs. */
  isUnhurried?: boolean;
  /**
   * The clock has decided which lines these are, so that fetched again they would be others: they are on the disk
   * before the call resolves. Of all else a power failure loses what is fetched again as it was.
   */
  isByClock?: boolean;
}

/** What a scan goes over, and which of it it need not bring. */
export interface ScanOptions {
  /** The first line; where it goes backwards, the line behind the first one. */
  from: number;
  /** From the last line to the first. Lines of a block are in order all the same. */
  backwards?: boolean;
  /** Lines that lack any of this are of no interest: stretches without such lines may be passed over. */
  needs?: LineNeeds;
  /** Gets the UTF-8 text of some lines, joined by \n, and returns false where none of them is of interest. */
  maybe?: (text: Buffer) => boolean;
  signal?: AbortSignal;
}

/** Consecutive lines of a scan. `block` is null where none of them is of interest. */
export interface ScanStretch {
  first: number;
  count: number;
  block: PlacedBlock | null;
  /** False where the lines were passed over without being read. */
  isRead: boolean;
}

/** What is known of a stretch of a log, which begins with the line `first`, without reading it. */
export interface LogSection {
  first: number;
  /** The lines of each of its parts, at most eight. */
  parts: readonly number[];
  /** For each level, from the least severe one on: how many lines state it, and a bit for each part with one. */
  levels: readonly { count: number; parts: number }[];
}

/** Fetches lines of a log from its source; null where the source no longer has them or numbers them in another way. */
export type SourceLines = (range: { first: number; count: number }) => Promise<string[] | null>;

export interface StretchOptions {
  /** Of which series; of the log's by default. */
  of?: 'metrics' | 'resources';
  name: string;
  fromStep: number;
  toStep: number;
  most: number;
}

/** The logs of all jobs. Lines are only appended, and numbered from 0 without holes. */
export interface LogStore {
  /** The head of a job's log; an unknown job has an empty one. Fails with `DATA_DAMAGED` where it is damaged. */
  head(jobId: string): Promise<LogHead>;
  /** How far a job's log can be read, also where its head is damaged. */
  extent(jobId: string): Promise<LogExtent>;
  /**
   * Appends lines, cursor, collectorState, gaps and metrics in one transaction. Rejects with `CONFLICT`
   * where the lease is not the job's newest one, or the log is complete; nothing is written then.
   */
  append(lease: Lease, batch: Append): Promise<LogHead>;
  /** Adds to what a job used of its machine; same rule for the lease. The points have no lines: `line` is -1. */
  measure(lease: Lease, points: readonly MetricPoint[]): Promise<void>;
  /** Marks the log as complete; same rule for the lease, under which completing twice is fine. */
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
   * Goes through the log without a hole, one stored chunk at a time, or many that are passed over. Fails with
   * `DATA_DAMAGED` when it comes to damaged lines that it has to read.
   */
  scan(jobId: string, options: ScanOptions): AsyncIterable<ScanStretch>;
  /** What is known of stretches of a log, in order; those of the newest lines and some others may be missing. */
  sections(jobId: string): AsyncIterable<LogSection>;
  /**
   * Repairs the damaged lines around the line `line` with those that `fetch` returns, if a checksum proves that
   * they are the ones that were stored. False where nothing was damaged or nothing could be repaired.
   */
  mend(jobId: string, line: number, fetch: SourceLines): Promise<boolean>;
  /** Gaps with `from <= offset <= to`, in order, at most 1000. */
  gaps(jobId: string, range: { from: number; to: number }): Promise<LogGap[]>;
  /**
   * At most 64 series, in order of first appearance, each with at most `maxPoints` points. The points show each
   * stretch's least and greatest value and the first that is not finite. The series' last value is always there.
   */
  metrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]>;
  /**
   * As `metrics`, of the values that came after those that `seen` counts: a number for each of the job's series, in
   * order of first appearance. Series without such values are left out. `counts` are these numbers as they are
   * now, or as they were for series that were not asked for.
   */
  newMetrics(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number; seen: readonly number[] },
  ): Promise<{ series: MetricSeries[]; counts: number[] }>;
  /** As `metrics`, of what a job used of its machine. */
  resources(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]>;
  /**
   * One series between two steps, as at most `most` consecutive stretches. Each has 2^n values and begins at a
   * multiple of 2^n, as far as the store's stretches are that fine. The store keeps at least 2048 stretches of a
   * series with that many values, and at most 4160.
   */
  stretches(jobId: string, options: StretchOptions): Promise<readonly Stretch[]>;
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
  /** Keeps all of this server's leases; it must be called at least every third of `leaseMs`. */
  renew(): Promise<void>;
  /**
   * False as soon as another server may have taken the lease: this one has not renewed for `leaseMs` by the
   * monotonic clock, or found at its last renewal that it was taken. Callers must ask right before they tell a
   * provider to do anything.
   */
  isValid(lease: Lease): boolean;
  /** Gives one lease back; without an argument, all of this server's. */
  release(lease?: Lease): Promise<void>;
}
