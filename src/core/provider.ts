import type { Job, JobFailure, JobProgress, JobStatus, JobWait, NewJob } from './job.ts';
import type { LineBlock, LogNotice } from './log.ts';
import type { JobOutput, OutputAnswer, OutputRequest } from './output.ts';
import type { RecipeFacts } from './recipe.ts';

export const healthStatuses = ['UP', 'DEGRADED', 'DOWN'] as const;

export interface ProviderHealth {
  status: (typeof healthStatuses)[number];
  message: string | null;
  /** Milliseconds since 1970, UTC. */
  checkedAt: number;
  latencyMs: number | null;
}

/** A job that a provider has accepted. */
export interface JobRef {
  jobId: string;
  externalId: string;
}

/** What a job costs at one moment. */
export interface CostRate {
  /** ISO 4217, such as `USD`. */
  currency: string;
  perHour: number;
  /** When the provider began to charge: milliseconds since 1970, by the provider's clock. */
  since: number;
  /** The moment of this rate, by the same clock. */
  at: number;
}

/** What a provider reports about one job. A field that it does not report is absent. */
export interface ProviderState {
  /** Null where the provider's status has no equivalent here; the job keeps its last known status. */
  status: JobStatus | null;
  providerStatus: string | null;
  startedAt?: number | null;
  finishedAt?: number | null;
  progress?: Partial<JobProgress>;
  waitsFor?: JobWait;
  failure?: Partial<JobFailure>;
  rate?: CostRate;
  resources?: ResourceSample;
  consoleUrl?: string | null;
}

/**
 * What a job used of its machine at one moment, by name. A name ends with the unit: `cpu_cores` (in use),
 * `memory_bytes`, `gpu_0_utilization_percent`.
 */
export interface ResourceSample {
  /** Milliseconds since 1970, UTC. */
  time: number;
  values: Readonly<Record<string, number>>;
}

/** One answer to `status`: a state, or why there is none. `NOT_FOUND` says that the provider knows no such job. */
export type StatusReport =
  | { jobId: string; state: ProviderState }
  | { jobId: string; error: unknown };

/** A stretch of a followed log. */
export interface LogBatch extends LineBlock {
  /** Where reading continues after this batch; only the provider understands it. */
  cursor: string;
  /** Lines that the source has lost before the line of this batch at index `before`. */
  gaps?: { before: number; reason: string }[];
  /** The beginning of the line that the job is still writing. It comes in a batch without lines and holds until the next batch. */
  unfinished?: { text: string; time: number };
  /** Present where the log is at its end: no line will follow. `state` is how the job ended, where the log says it. */
  ended?: { state: ProviderState | null };
}

/**
 * A place where jobs run. Every call ends when its signal is aborted. Errors: `PROVIDER_UNAVAILABLE`
 * and `RATE_LIMITED` may be tried again (not before `retryAfterMs`), `PROVIDER_REJECTED` and
 * `BAD_USER_INPUT` are final, `NOT_FOUND` says that the provider knows no such job.
 */
export interface Provider {
  readonly name: string;
  /** The kind of its definition. */
  readonly kind: string;
  /**
   * Where its jobs run, in words, for providers whose name may later stand for another machine. A job that was
   * deployed while it had another location is not LOST because this one does not know it.
   */
  readonly location?: string;
  /** Milliseconds between two status calls for a live job. */
  readonly pollMs: number;
  /** The recipes that a caller may choose. Where the provider itself knows them, they are as old as the last health check. */
  recipes(): readonly string[];
  /** What is known of its recipes beyond their names, as old as these; those of which nothing is may be left out. */
  recipeFacts?(): readonly RecipeFacts[];
  /** Whether it has a recipe that only some jobs can use, such as those that name an image; `recipes` leaves it out. */
  hasRecipe?(recipe: string): boolean;
  /** True while the provider could not be asked yet: it may have any recipe. */
  readonly recipesUnknown?: boolean;
  /** Throws `BAD_USER_INPUT` for a job that could never be deployed here. */
  check?(job: NewJob): void | Promise<void>;
  /** Starts a job. A second call with the same job id starts no second one. */
  deploy(
    job: Job,
    signal: AbortSignal,
  ): Promise<{ externalId: string; consoleUrl?: string | null }>;
  /** The external id of a job that may have been deployed before a crash; null where it was not. */
  find(job: Job, signal: AbortSignal): Promise<string | null>;
  /** One report per job, in any order, each as soon as it is known. */
  status(refs: readonly JobRef[], signal: AbortSignal): AsyncIterable<StatusReport>;
  /** Asks the provider to end a job: politely, or at once with `force`. False where the job was over already. */
  cancel(ref: JobRef, options: { force: boolean }, signal: AbortSignal): Promise<boolean>;
  /** Follows a job's log from the cursor (null: the first line) to its end. Ends early only by throwing or by the signal. */
  followLogs(ref: JobRef, cursor: string | null, signal: AbortSignal): AsyncIterable<LogBatch>;
  /**
   * Fetches lines of a job's log again, by their numbers in the store. The store holds `total` lines, which
   * the source gave up to `cursor`. Null where the source numbers lines in another way or not at all.
   */
  linesAt?(
    ref: JobRef,
    range: { first: number; count: number; total: number; cursor: string | null },
    signal: AbortSignal,
  ): Promise<string[] | null>;
  /** What a reader should know while this job's log cannot be fetched. `awaitsLog`: the job is over and lines are still to come. */
  logNotice(job: Job, options?: { awaitsLog?: boolean }): LogNotice | null;
  /** Everything the provider still holds for any job of any store. Only providers where holding costs money have it. */
  held?(signal: AbortSignal): Promise<JobRef[]>;
  /** Gives back what the provider holds for a job, which ends the job. Releasing twice is fine. */
  release?(ref: JobRef, signal: AbortSignal): Promise<void>;
  /**
   * Up to `limit` of the files that a job has made, in an order that stays, from behind the path `after` on. Absent
   * where the provider keeps none; throws `NOT_SUPPORTED` where that shows only now.
   */
  outputs?(
    ref: JobRef,
    page: { limit: number; after: string | null },
    signal: AbortSignal,
  ): Promise<JobOutput[]>;
  /** One of these files, or a part of it. Throws `NOT_FOUND` where the job has none of this path. */
  output?(
    ref: JobRef,
    path: string,
    request: OutputRequest,
    signal: AbortSignal,
  ): Promise<OutputAnswer>;
  health(signal: AbortSignal): Promise<ProviderHealth>;
}
