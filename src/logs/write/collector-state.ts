import type { Lease, LogStore } from '../../core/store.ts';
import { noRedraws, type RedrawState, settleRedraw } from '../../lines/redraw.ts';

/** What a collector finds again after a crash: where the thinning of bars and the reading of metrics stand. */
export interface CollectorState {
  redraw: RedrawState;
  metrics: string | undefined;
}

/** The state that was stored with a log's last append; null where there was none. */
export function parseState(stored: string | null): CollectorState {
  if (stored === null) return { redraw: noRedraws, metrics: undefined };
  const { redraw, metrics } = JSON.parse(stored);
  return { redraw: redraw.screens ? redraw : noRedraws, metrics };
}

export function formatState({ redraw, metrics }: CollectorState): string {
  return JSON.stringify({ redraw, metrics });
}

/**
 * Stores the last states of bars that a log's last append has held back; callers call it when no line will follow.
 * Calling it again is fine. Returns whether anything was stored.
 */
export async function storeHeldBack(logs: LogStore, lease: Lease): Promise<boolean> {
  const { cursor, collectorState, complete } = await logs.head(lease.jobId);
  const { redraw, metrics } = parseState(collectorState);
  const { block, state } = settleRedraw(redraw, Number.POSITIVE_INFINITY);
  if (complete || block.lines.length === 0) return false;
  const settled = formatState({ redraw: state, metrics });
  await logs.append(lease, { ...block, cursor, collectorState: settled });
  return true;
}
