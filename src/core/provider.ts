import type { Job, JobFailure, JobProgress, JobStatus, NewJob } from './job.ts';
import type { LineBlock, LogNotice } from './log.ts';

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
  /** When the provider began to charge, and the moment of this rate, by the provider's clock; milliseconds since 1970. */
  since: number;
  at: number;
}

/** What a provider says of one job. Whatever it does not say is absent. */
export interface ProviderState {
  /** Null where the provider's word has no meaning here: the last known status stays. */
  status: JobStatus | null;
  providerStatus: string | null;
  startedAt?: number | null;
  finishedAt?: number | null;
  progress?: Partial<JobProgress>;
  failure?: Partial<JobFailure>;
  rate?: CostRate;
  consoleUrl?: string | null;
}

/** One answer to `status`: a state, or why there is none. `NOT_FOUND` says that the provider knows no such job. */
export type StatusReport =
  | { jobId: string; state: ProviderState }
  | { jobId: string; error: unknown };

/** A stretch of a followed log. */
export interface LogBatch extends LineBlock {
  /** Where to go on after this batch; opaque to all but the provider. */
  cursor: string;
  /** Lines that the source has lost before the line of this batch at index `before`. */
  gaps?: { before: number; reason: string }[];
  /** The line that the job is writing, so far; comes without lines, and stands until the next batch. */
  unfinished?: { text: string; time: number };
  /** The log is drained: no line will follow. `state` is how the job ended, where the log tells. */
  ended?: { state: ProviderState | null };
}

/**
 * A place where jobs run. Every call ends when its signal is aborted. Errors: `PROVIDER_UNAVAILABLE`
 * and `RATE_LIMITED` may be tried again (not before `retryAfterMs`), `PROVIDER_REJECTED` and
 * `BAD_USER_INPUT` are final, `NOT_FOUND` says that the provider knows no such job.
 */
export interface Provider {
  readonly name: string;
  /** That of its definition. */
  readonly kind: string;
  /**
   * Where its jobs run, in words, where another place may come under the same name: a job of the one that
   * the other denies is not LOST.
   */
  readonly place?: string;
  /** Milliseconds between two status calls for a live job. */
  readonly pollMs: number;
  /** The names that a caller may choose; asked of the provider where it knows them, at most as old as the last health check. */
  recipes(): readonly string[];
  /** True while nobody could be asked yet: any recipe may be one of its. */
  readonly recipesUnknown?: boolean;
  /** Throws `BAD_USER_INPUT` for a job that could never be deployed here. */
  check?(job: NewJob): void | Promise<void>;
  /** Starts a job; asked twice for the same job id it starts one. */
  deploy(
    job: Job,
    signal: AbortSignal,
  ): Promise<{ externalId: string; consoleUrl?: string | null }>;
  /** The external id of a job that may have been deployed before a crash; null where it was not. */
  find(job: Job, signal: AbortSignal): Promise<string | null>;
  /** One report per job, in any order, each as soon as it is known. */
  status(refs: readonly JobRef[], signal: AbortSignal): AsyncIterable<StatusReport>;
  /** Asks for the end of a job: politely, or at once with `force`. False: the job was over already. */
  cancel(ref: JobRef, options: { force: boolean }, signal: AbortSignal): Promise<boolean>;
  /** Follows a job's log from the cursor (null: the first line) to its end. Ends early only by throwing or by the signal. */
  followLogs(ref: JobRef, cursor: string | null, signal: AbortSignal): AsyncIterable<LogBatch>;
  /**
   * Lines of a job's log by their numbers in the store, which holds `total` of them and was read up to
   * `cursor`; null where the source numbers them otherwise, or cannot give them by number.
   */
  linesAt?(
    ref: JobRef,
    range: { first: number; count: number; total: number; cursor: string | null },
    signal: AbortSignal,
  ): Promise<string[] | null>;
  /** What a reader should know where this job's log cannot be had; `awaitsLog`: though the job is over, lines are still to come. */
  logNotice(job: Job, options?: { awaitsLog?: boolean }): LogNotice | null;
  /** Everything that is still held for jobs, over or not, of this store or of another; where holding costs. */
  held?(signal: AbortSignal): Promise<JobRef[]>;
  /** Gives back what is held for a job, which ends it. Doing so twice is fine. */
  release?(ref: JobRef, signal: AbortSignal): Promise<void>;
  health(signal: AbortSignal): Promise<ProviderHealth>;
}
