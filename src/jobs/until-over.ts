import { isOver } from '../core/job.ts';
import { waitMs } from '../lib/wait.ts';
import { Wakeup } from '../lib/wakeup.ts';
import type { JobLedger } from './ledger.ts';

/** Resolves when the job is over, or gone, or the signal is aborted. */
export async function untilOver(
  jobId: string,
  ledger: JobLedger,
  signal: AbortSignal,
): Promise<void> {
  const woken = new Wakeup();
  const unlisten = ledger.listen(jobId, () => woken.wake());
  try {
    while (!signal.aborted) {
      const job = await ledger.store.get(jobId);
      if (!job || isOver(job.status)) return;
      await woken.next(signal);
    }
  } finally {
    unlisten();
  }
}

/** Waits, but no longer than until the job is over: a cancel is seen at once. */
export async function restUntilOver(
  jobId: string,
  { ms, ledger }: { ms: number; ledger: JobLedger },
  signal: AbortSignal,
): Promise<void> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  await Promise.race([waitMs(ms, either), untilOver(jobId, ledger, either)]);
  enough.abort();
}
