import { isOver } from '../../core/job.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import type { JobChanges } from '../job-changes.ts';
import { jobTimes } from '../times.ts';

/** Resolves when the job is over, or gone, or the signal is aborted; another server's word counts, too. */
export async function untilOver(
  jobId: string,
  changes: JobChanges,
  signal: AbortSignal,
): Promise<void> {
  const woken = new Wakeup();
  const unlisten = changes.listen(jobId, () => woken.wake());
  const poll = setInterval(() => woken.wake(), jobTimes.storePollMs);
  try {
    while (!signal.aborted) {
      const job = await changes.store.get(jobId);
      if (!job || isOver(job.status)) return;
      await woken.next(signal);
    }
  } finally {
    unlisten();
    clearInterval(poll);
  }
}

/** Waits, but no longer than until the job is over: a cancel is seen at once. */
export async function restUntilOver(
  jobId: string,
  { ms, changes }: { ms: number; changes: JobChanges },
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  await Promise.race([waitMs(ms, either), untilOver(jobId, changes, either)]);
  enough.abort();
}
