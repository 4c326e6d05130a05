import type { Lease, LogStore } from '../../core/store.ts';

/** Why lines are missing whose log was given up by `cancelJob` with force. */
export const givenUpByForce =
  'The rest of this log was given up by force: whatever was not captured before is lost.';

/** Why lines are missing that the provider denies. */
export function noLongerThere(provider: string): string {
  return `The provider ${provider} no longer has this log: whatever was not captured before is lost.`;
}

/** Records at a log's end that its rest will not come; doing so again, after a crash, is fine. */
export async function recordGap(reason: string, logs: LogStore, lease: Lease): Promise<void> {
  const { jobId } = lease;
  const { total, cursor, collectorState, complete } = await logs.head(jobId);
  const known = await logs.gaps(jobId, { from: total, to: total });
  if (complete || known.some((gap) => gap.reason === reason)) return;
  const gaps = [{ before: 0, reason }];
  await logs.append(lease, { texts: [], runs: [], gaps, cursor, collectorState });
}
