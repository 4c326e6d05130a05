import { isOver, type Job } from '../../core/job.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';
import { awaitsCancel } from '../states.ts';

/** Resolves when the job is over, or gone, or the signal is aborted; another server's word counts, too. */
export function untilOver(jobId: string, changes: JobChanges, signal: AbortSignal): Promise<void> {
  return untilJob(jobId, { changes, is: (job) => isOver(job.status) }, signal);
}

/** Resolves when the rest of the job's log was given up, or the job is gone, or the signal is aborted. */
export function untilGivenUp(
  jobId: string,
  changes: JobChanges,
  signal: AbortSignal,
): Promise<void> {
  return untilJob(jobId, { changes, is: (job) => job.logGivenUpAt !== null }, signal);
}

/** Waits, but no longer than until the job is over: a cancel is seen at once. */
export function restUntilOver(
  jobId: string,
  { ms, changes }: { ms: number; changes: JobChanges },
  signal: AbortSignal,
): Promise<void> {
  return atMost(ms, (either) => untilOver(jobId, changes, either), signal);
}

/** Resolves when no cancel of the job waits for its provider's answer, or has done so for `ms`. */
export function untilCancelAnswered(
  jobId: string,
  { ms, changes }: { ms: number; changes: JobChanges },
  signal: AbortSignal,
): Promise<void> {
  const is = (job: Job) => !awaitsCancel(job);
  return atMost(ms, (either) => untilJob(jobId, { changes, is }, either), signal);
}

/** Resolves when the job is as asked for, or gone, or the signal is aborted. */
async function untilJob(
  jobId: string,
  { changes, is }: { changes: JobChanges; is: (job: Job) => boolean },
  signal: AbortSignal,
): Promise<void> {
  const woken = new Wakeup();
  // How far it is tells nothing of how it is.
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
