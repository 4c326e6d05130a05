/** How long things take, in milliseconds; a test may be less patient. */
export interface JobTimes {
  /** A job, or a log, that its provider has denied knowing for so long, and more than once, is lost. */
  lostAfterMs: number;
  /** The least time between two saved steps of a job's progress. */
  progressEveryMs: number;
  /** A job that has not been heard of for so long is stale. */
  staleAfterMs: number;
  /** A log that cannot be read for so long, although its job is heard of, is told. */
  logTroubleAfterMs: number;
  /** How long whoever asked a provider for a cancel may take to save its answer; later, the job's driver asks. */
  cancelAnswerMs: number;
  /** How often the store is looked at without a hint: another server may have changed it. */
  storePollMs: number;
}

export const jobTimes: JobTimes = {
  lostAfterMs: 5000,
  progressEveryMs: 1000,
  staleAfterMs: 10_000,
  logTroubleAfterMs: 8000,
  cancelAnswerMs: 12_000,
  storePollMs: 1000,
};
