import { isOver } from '../core/job.ts';
import type { Provider } from '../core/provider.ts';
import type { Logger } from '../lib/logger.ts';
import { limitReached } from './cost.ts';
import type { JobLedger } from './ledger.ts';

/** How long a provider may take to accept a cancel. */
const cancelTimeoutMs = 10_000;

/**
 * Cancels a job that has used up its budget or its time, with that as the reason in its failure. Where
 * the provider cannot be reached it rejects, to be called again.
 */
export async function keepLimits(
  jobId: string,
  { ledger, provider, logger }: { ledger: JobLedger; provider: Provider; logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const job = await ledger.store.get(jobId);
  if (!job || job.externalId === null || isOver(job.status) || job.cancelledAt !== null) return;
  const message = limitReached(job);
  if (message === null) return;
  logger.warn({ job: jobId, provider: provider.name }, `the job is cancelled: ${message}`);
  const ref = { jobId, externalId: job.externalId };
  const either = AbortSignal.any([signal, AbortSignal.timeout(cancelTimeoutMs)]);
  if (!(await provider.cancel(ref, { force: false }, either))) return;
  await ledger.update(jobId, () => ({
    status: 'STOPPING',
    cancelledAt: Date.now(),
    failure: { message, exitCode: null, signal: null, offset: null, excerpt: [] },
  }));
}
