/** Waiting times, in milliseconds; tests use shorter ones. */
export interface JobTimes {
  /** A job or a log is lost when its provider has answered for this long, more than once, that it does not know it. */
  lostAfterMs: number;
  /** The least time between two saved steps of a job's progress. */
  progressEveryMs: number;
  /** The least time between two samples of what a job uses of its machine. */
  measureEveryMs: number;
  /** A job is stale when its provider has not reported its status for this long. */
  staleAfterMs: number;
  /** Readers get a notice when the log cannot be read for this long although the provider reports the job's status. */
  logTroubleAfterMs: number;
  /** How long a cancel may stay unanswered before the job's driver asks the provider again. */
  cancelAnswerMs: number;
  /** How often the store is read for changes that another server may have made. */
  storePollMs: number;
  /** How old a provider's health report may be before the provider is asked again. */
  healthFreshMs: number;
  /** About how long a provider that failed is left alone; after each further failure longer. */
  firstRestMs: number;
}

export const jobTimes: JobTimes = {
  lostAfterMs: 5000,
  progressEveryMs: 1000,
  measureEveryMs: 9000,
  staleAfterMs: 10_000,
  logTroubleAfterMs: 8000,
  cancelAnswerMs: 12_000,
  storePollMs: 1000,
  healthFreshMs: 5000,
  firstRestMs: 250,
};
