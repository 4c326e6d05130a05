import type { LogBatch, ProviderState } from '../../../core/provider.ts';
import { waitMs } from '../../../lib/async/wait.ts';
import { type Pages, readOn } from './anchor.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { batchOf } from './lines.ts';

/** A log that is read by page, and the end of its job. */
export interface PagedLog extends Pages {
  /** The longest pause between two reads, in milliseconds; 2000 by default. */
  slowMs?: number;
  /** Asks how the job ended; null while it is not over. */
  ended(): Promise<ProviderState | null>;
}

const quickMs = 100;
const lostReason =
  'The training server keeps the newest lines only: lines before this one were gone before they could be read';

/**
 * Follows a paged log to its end: with pauses of 0.1 s while lines come, and of up to `slowMs` while none do. It holds
 * one page at most, and asks for the next one when its reader comes back. The log is at its end when a read after
 * the end of the job brought nothing.
 */
export async function* followPages(
  log: PagedLog,
  cursor: string | null,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, void> {
  const { slowMs = 2000 } = log;
  let position = positionOf(cursor);
  let moved = false;
  let end: ProviderState | null = null;
  let idleMs = quickMs;
  for (;;) {
    const stretch = await readOn(log, position, { moved });
    ({ position, moved } = stretch);
    if (stretch.lines.length > 0 || stretch.lost) {
      const batch = batchOf(stretch.lines, Date.now(), cursorOf(position));
      if (stretch.lost) batch.gaps = [{ before: 0, reason: lostReason }];
      yield batch;
      idleMs = quickMs;
      if (stretch.full) continue;
    } else if (end !== null) {
      yield { ...batchOf([], Date.now(), cursorOf(position)), ended: { state: end } };
      return;
    } else {
      end = await log.ended();
      if (end === null) idleMs = Math.min(idleMs * 2, slowMs);
      // The existing servers report CANCELLED before the process has ended, so its last lines take a moment.
      else idleMs = end.status === 'CANCELLED' ? slowMs : quickMs;
    }
    if (!(await waitMs(idleMs, signal))) return;
  }
}
