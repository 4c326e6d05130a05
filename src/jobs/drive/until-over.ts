import { isOver, type Job } from '../../core/job.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';
import { awaitsCancel } from '../states.ts';

/** Resolves when the job is over or deleted, by whichever server, or when the signal is aborted. */
export function untilOver(jobId: string, changes: JobChanges, signal: AbortSignal): Promise<void> {
  return untilJob(jobId, { changes, is: (job) => isOver(job.status) }, signal);
}

/** Resolves when the rest of the job's log is given up, when the job is deleted, or when the signal is aborted. */
export function untilGivenUp(
  jobId: string,
  changes: JobChanges,
  signal: AbortSignal,
): Promise<void> {
  return untilJob(jobId, { changes, is: (job) => job.logGivenUpAt !== null }, signal);
}

/** Waits for `ms`, or until the job is over, so that a cancel is seen at once. */
export function restUntilOver(
  jobId: string,
  { ms, changes }: { ms: number; changes: JobChanges },
  signal: AbortSignal,
): Promise<void> {
  return atMost(ms, (either) => untilOver(jobId, changes, either), signal);
}

/** Resolves when no cancel of the job waits for its provider's answer any more, and after `ms` at the latest. */
export function untilCancelAnswered(
  jobId: string,
  { ms, changes }: { ms: number; changes: JobChanges },
  signal: AbortSignal,
): Promise<void> {
  const is = (job: Job) => !awaitsCancel(job);
  return atMost(ms, (either) => untilJob(jobId, { changes, is }, either), signal);
}

/** Resolves when `is` holds for the job, when the job is deleted, or when the signal is aborted. */
async function untilJob(
  jobId: string,
  { changes, is }: { changes: JobChanges; is: (job: Job) => boolean },
  signal: AbortSignal,
): Promise<void> {
  const woken = new Wakeup();
  // Progress changes nothing that a caller waits for.
  const unlisten = changes.listen(jobId, (change) => {
    if (change?.kind !== 'PROGRESS') woken.wake();
  });
  try {
    while (!signal.aborted) {
      const job = await changes.store.get(jobId);
      if (!job || is(job)) return;
      await woken.next(signal);
    }
  } finally {
    unlisten();
  }
}

async function atMost(
  ms: number,
  wait: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  await Promise.race([waitMs(ms, either), wait(either)]);
  enough.abort();
}
