import type { Lease, LogStore } from '../../core/store.ts';

/** The reason of the gap in a log that `cancelJob` with force gave up. */
export const givenUpByForce =
  'The rest of this log was given up by force: whatever was not captured before is lost.';

/** The reason of the gap in a log that its provider no longer has. */
export function noLongerThere(provider: string): string {
  return `The provider ${provider} no longer has this log: whatever was not captured before is lost.`;
}

/** Records a gap at the end of a log, because its rest will not come. Recording it again after a crash is fine. */
export async function recordGap(reason: string, logs: LogStore, lease: Lease): Promise<void> {
  const { jobId } = lease;
  const { total, cursor, collectorState, complete } = await logs.head(jobId);
  const known = await logs.gaps(jobId, { from: total, to: total });
  if (complete || known.some((gap) => gap.reason === reason)) return;
  const gaps = [{ before: 0, reason }];
  await logs.append(lease, { lines: [], runs: [], gaps, cursor, collectorState });
}
