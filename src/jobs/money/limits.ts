import { isOver, type Job } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { JobChanges } from '../job-changes.ts';
import { limitReached } from './cost.ts';

/** How long a provider may take to accept a cancel. */
const cancelTimeoutMs = 10_000;
/** A job that costs on so long after its cancel was accepted is ended by force. */
const stopMs = 60_000;

interface Limited {
  changes: JobChanges;
  provider: Provider;
  logger: Logger;
}

/**
 * Cancels a job that has used up its budget or its time, with that as the reason in its failure, and
 * ends one by force that costs on though it was cancelled. Where the provider cannot be reached it
 * rejects, to be called again.
 */
export async function keepLimits(
  jobId: string,
  { changes, provider, logger }: Limited,
  signal: AbortSignal,
): Promise<void> {
  const job = await changes.store.get(jobId);
  if (!job || job.externalId === null || isOver(job.status)) return;
  const ref = { jobId, externalId: job.externalId };
  const facts = { job: jobId, provider: provider.name };
  const either = AbortSignal.any([signal, AbortSignal.timeout(cancelTimeoutMs)]);
  if (job.cancelledAt !== null) {
    if (!costsOn(job, job.cancelledAt)) return;
    logger.warn(facts, 'the job is ended by force: it was cancelled, and costs on');
    await provider.cancel(ref, { force: true }, either);
    return;
  }
  const message = limitReached(job);
  if (message === null) return;
  await changes.cancelling(jobId, async () => {
    if (!(await provider.cancel(ref, { force: false }, either))) return;
    logger.warn(facts, `the job is cancelled: ${message}`);
    await changes.update(jobId, (now) => {
      if (isOver(now.status) || now.cancelledAt !== null) return null;
      const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
      return { status: 'STOPPING', cancelledAt: Date.now(), failure };
    });
  });
}

/** Where nobody is paid, a job may take its time to end. */
function costsOn({ cost }: Job, cancelledAt: number): boolean {
  return cost !== null && cost.perHour > 0 && Date.now() - cancelledAt >= stopMs;
}
