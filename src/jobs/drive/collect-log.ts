import { codeOf, messageOf } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { Provider, ProviderState } from '../../core/provider.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { Collector } from '../../logs/write/collector.ts';
import type { JobChanges } from '../job-changes.ts';
import { givenUpByForce, noLongerThere } from './give-up.ts';
import { restUntilOver, untilGivenUp } from './until-over.ts';

export interface CollectOptions {
  jobId: string;
  collector: Collector;
  provider: Provider;
  changes: JobChanges;
  /** The log of a job that is over is given up when its provider has denied it for this long. */
  lostAfterMs: number;
  /** See `JobTimes`. */
  firstRestMs: number;
  logger: Logger;
}

/** How a log came to its end: it was drained, or its rest was given up. */
export interface LogEnd {
  /** How the job ended, where the log says it. */
  state: ProviderState | null;
  /** Why the rest of the log will not come; null where it was drained. */
  gap: string | null;
}

/**
 * Collects a job's log until it is drained or its rest is given up. A forced cancel gives it up, and so does a
 * provider that denies the log of a job that is over. A provider that has been set to another location since the
 * deploy does not: it may be set back. Resolves to null where the signal was aborted.
 */
export async function collectLog(
  options: CollectOptions,
  signal: AbortSignal,
): Promise<LogEnd | null> {
  const { jobId, collector, changes } = options;
  const givenUp = new AbortController();
  const either = AbortSignal.any([signal, givenUp.signal]);
  const waiting = untilGivenUp(jobId, changes, either).then(
    () => givenUp.abort(),
    (error: unknown) => options.logger.warn({ job: jobId }, messageOf(error)),
  );
  try {
    const end = await collectOrDeny(options, either);
    if (end?.gap === null) return end;
    if (signal.aborted) return null;
    await collector.settle();
    return end ?? { state: null, gap: givenUpByForce };
  } finally {
    givenUp.abort();
    await waiting;
  }
}

/** As `collectLog`, but it knows nothing of forced cancels. */
async function collectOrDeny(options: CollectOptions, signal: AbortSignal): Promise<LogEnd | null> {
  const { jobId, collector, provider, changes, lostAfterMs, firstRestMs, logger } = options;
  const backoff = new Backoff({ firstMs: firstRestMs, maxMs: 5000 });
  let deniedSince: number | null = null;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      const state = await collector.run(signal);
      return signal.aborted ? null : { state, gap: null };
    } catch (error) {
      if (codeOf(error) !== 'NOT_FOUND') throw error;
      if (performance.now() - startedAt > lostAfterMs) deniedSince = null;
      if (deniedSince === null) {
        const facts = { job: jobId, provider: provider.name };
        logger.warn(facts, `the provider denies the log: ${messageOf(error)}`);
        backoff.reset();
        deniedSince = startedAt;
      }
      const ms = backoff.nextMs();
      const job = await changes.store.get(jobId);
      if (job && !isOver(job.status)) await restUntilOver(jobId, { ms, changes }, signal);
      else if (job && isElsewhere(job, provider)) await waitMs(ms, signal);
      else if (performance.now() - deniedSince > lostAfterMs) {
        return { state: null, gap: noLongerThere(provider.name) };
      } else await waitMs(ms, signal);
    }
  }
  return null;
}

/** True for a job that was deployed while its provider had another location. Jobs store it as `options.place`. */
export function isElsewhere({ options }: Job, { location }: Provider): boolean {
  return options.place !== undefined && options.place !== location;
}
