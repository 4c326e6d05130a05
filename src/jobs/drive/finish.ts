import { codeOf, messageOf } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import type { Lease, LogStore } from '../../core/store.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { JobChanges } from '../job-changes.ts';
import { recordGap } from './give-up.ts';
import { summarize } from './summary.ts';

/** How long a provider may take to give back what a job held. */
const releaseTimeoutMs = 10_000;

export interface FinishOptions {
  /** Null where it is not configured any more. */
  provider: Provider | null;
  lease: Lease;
  /** Whether the lease is still this server's: without it, nothing may be given back. */
  holds: () => boolean;
  changes: JobChanges;
  logs: LogStore;
  /** Why the rest of the log will not come, where it was given up. */
  gap?: string;
  /** Called when the log is complete. */
  advanced: () => void;
  logger: Logger;
}

/**
 * Brings a job that is over, and whose log is drained, to its end: sums it up, gives back what it held
 * and completes its log. Tries until the store takes it or the signal is aborted; doing it again is fine.
 */
export async function finishJob(
  jobId: string,
  options: FinishOptions,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff({ firstMs: 250, maxMs: 10_000 });
  while (!signal.aborted) {
    try {
      await finish(jobId, options, signal);
      return;
    } catch (error) {
      if (codeOf(error) !== 'STORE_UNAVAILABLE') throw error;
      options.logger.warn({ job: jobId }, `the log is not closed yet: ${messageOf(error)}`);
      await waitMs(backoff.nextMs(), signal);
    }
  }
}

/** What the caller passed for the job's environment has done its work once the job is deployed. */
export function withoutSecrets({ options }: Job): Pick<Job, 'options'> {
  const { env: _, ...kept } = options;
  return { options: kept };
}

async function finish(jobId: string, options: FinishOptions, signal: AbortSignal): Promise<void> {
  const { provider, lease, changes, logs, advanced, logger } = options;
  const job = await changes.store.get(jobId);
  if (!job) return;
  const failure = await summarize(job, logs);
  if (failure) await changes.update(jobId, () => ({ failure }), lease);
  await release(job, options, signal);
  if (options.gap !== undefined) await recordGap(options.gap, logs, lease);
  const { total } = await logs.complete(lease);
  advanced();
  // Readers of the job learn, too, that its log is complete.
  await changes.update(
    jobId,
    (now) => ({
      stale: false,
      notice: provider ? provider.logNotice(now) : now.notice,
      ...withoutSecrets(now),
    }),
    lease,
  );
  const facts = { job: jobId, provider: job.provider, status: job.status, lines: total };
  logger.info(facts, 'the job is over and its log complete');
}

/** Where this fails, the job is held on, and given back by the next round of `Reclaim`. */
async function release(
  { id: jobId, externalId }: Job,
  { provider, lease, holds, changes, logger }: FinishOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!provider?.release || externalId === null || !holds()) return;
  const either = AbortSignal.any([signal, AbortSignal.timeout(releaseTimeoutMs)]);
  try {
    await provider.release({ jobId, externalId }, either);
    const free = ({ cost }: Job) => (cost ? { cost: { ...cost, perHour: 0 } } : null);
    await changes.update(jobId, free, lease);
  } catch (error) {
    const facts = { job: jobId, provider: provider.name, code: codeOf(error) };
    logger.warn(facts, `what the job holds is not given back yet: ${messageOf(error)}`);
  }
}
