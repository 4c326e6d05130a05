import type { Job, JobCost } from '../../core/job.ts';
import type { CostRate } from '../../core/provider.ts';

const msPerHour = 3_600_000;
/** When a job is found to cost nothing any more, at most this much of the time since the last look is charged. */
const unseenMs = 600_000;

/**
 * A job's cost up to the moment of `rate`: what had accrued before, plus the old rate for the time since. All
 * times are by the provider's clock. The result is kept in the store, so it adds up across restarts.
 */
export function accrue(job: Job, rate: CostRate): JobCost {
  const { currency, perHour } = rate;
  const known = job.cost ?? { perHour, accrued: 0, at: rate.since };
  // The first report counts: a provider that does not know when charging began reports another time each time.
  const since = job.cost?.since ?? rate.since;
  const sinceMs = Math.max(0, rate.at - known.at);
  const chargedMs = perHour === 0 ? Math.min(sinceMs, unseenMs) : sinceMs;
  const accrued = known.accrued + (known.perHour * chargedMs) / msPerHour;
  const limit = numberIn(job, 'budgetUsd');
  return { currency, perHour, accrued, limit, since, at: Math.max(rate.at, known.at) };
}

/** Why the job must be ended: it has reached its budget or its most hours. Null while it has reached neither. */
export function limitReached(job: Job): string | null {
  const { cost } = job;
  if (cost === null) return null;
  if (cost.limit !== null && cost.accrued >= cost.limit) {
    return `The budget of ${cost.limit} ${cost.currency} is used up.`;
  }
  const maxHours = numberIn(job, 'maxHours');
  if (maxHours !== null && cost.at - cost.since >= maxHours * msPerHour) {
    return `The job has been charged for ${maxHours} hours, the most that it was given (maxHours).`;
  }
  return null;
}

function numberIn({ options }: Job, name: string): number | null {
  const value = options[name];
  return typeof value === 'number' ? value : null;
}
