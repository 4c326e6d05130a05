import { codeOf, messageOf } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { Provider } from '../../core/provider.ts';
import type { Lease, LogStore } from '../../core/store.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { storeHeldBack } from '../../logs/write/collector-state.ts';
import type { JobChanges } from '../job-changes.ts';
import { recordGap } from './give-up.ts';
import { summarize } from './summary.ts';

/** How long a provider may take to release what it holds for a job. */
const releaseTimeoutMs = 10_000;

export interface FinishOptions {
  /** Null where it is no longer configured. */
  provider: Provider | null;
  lease: Lease;
  /** Whether this server still holds the lease; without it, nothing may be released. */
  holds: () => boolean;
  changes: JobChanges;
  logs: LogStore;
  /** Why the rest of the log will not come, where it was given up. */
  gap?: string;
  /** Called after the log became complete. */
  advanced: () => void;
  logger: Logger;
}

/**
 * Finishes a job that is over and whose log is drained or given up: finds the reason of a failure, releases what
 * the provider holds and completes the log. Retries until the store has taken it or the signal is aborted.
 * Finishing twice is fine.
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

/** The job's options without `env`, whose secrets nobody needs once the job is deployed, but with its names. */
export function withoutSecrets({ options }: Job): Pick<Job, 'options'> {
  const { env, ...kept } = options;
  if (!Array.isArray(env) || env.length === 0) return { options: kept };
  return { options: { ...kept, envNames: env.map((variable) => String(Object(variable).name)) } };
}

async function finish(jobId: string, options: FinishOptions, signal: AbortSignal): Promise<void> {
  const { provider, lease, changes, logs, advanced, logger } = options;
  const job = await changes.store.get(jobId);
  if (!job) return;
  const failure = await summarize(job, logs);
  if (failure) await changes.update(jobId, () => ({ failure }), lease);
  await release(job, options, signal);
  const total = await complete(jobId, options);
  advanced();
  // This change also tells those who watch the job that its log is complete.
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

/** Completes the log, unless an earlier attempt has, and resolves to its number of lines. */
async function complete(jobId: string, { gap, logs, lease }: FinishOptions): Promise<number> {
  const head = await logs.head(jobId);
  if (head.complete) return head.total;
  await storeHeldBack(logs, lease);
  if (gap !== undefined) await recordGap(gap, logs, lease);
  return (await logs.complete(lease)).total;
}

/** Releases what the provider holds. Where this fails, `Reclaim` does it in one of its next rounds. */
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
