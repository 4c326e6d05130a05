import { z } from 'zod';
import { type LogSource, logSources, type PodLog } from './log.ts';
import { invalid, parseQuery } from './request.ts';
import { parseTimestamp } from './timestamp.ts';

/** Which part of a log is asked for: from a position on, and perhaps of one source only. */
export interface LogRange {
  from: number;
  source: LogSource | null;
}

const logQuery = z.strictObject({
  source: z.enum(logSources).optional(),
  tail: z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(0).max(5000)).default(100),
  since: z.string().optional(),
});

/**
 * Reads `source`, `tail`, `since` and Last-Event-ID, of which the later beat the earlier; all are
 * checked, even where they do not count. `since` includes its moment, an id excludes its event. An id
 * that was never given out is refused, and so is what RunPod's description does not name (422).
 */
export function parseLogRange(
  log: PodLog,
  search: URLSearchParams,
  lastEventId: string | null,
): LogRange {
  const { source = null, tail, since } = parseQuery(logQuery, search);
  const sinceNs = since === undefined ? null : parseTimestamp(since);
  if (since !== undefined && sinceNs === null) throw invalid(['since: not an RFC 3339 timestamp']);
  if (lastEventId !== null) {
    const position = log.positionOf(lastEventId);
    if (position === null) throw invalid(['Last-Event-ID: not an id of this log']);
    return { source, from: position + 1 };
  }
  if (sinceNs !== null) return { source, from: firstSince(log, sinceNs) };
  return { source, from: firstOfTail(log, tail, source) };
}

function firstSince(log: PodLog, since: bigint): number {
  const index = log.read(log.first).findIndex((event) => event.ns >= since);
  return index === -1 ? log.end : log.first + index;
}

function firstOfTail(log: PodLog, tail: number, source: LogSource | null): number {
  if (tail === 0) return log.end;
  if (source === null) return Math.max(log.first, log.end - tail);
  const positions = log.read(log.first).flatMap((event, index) => {
    return event.source === source ? [log.first + index] : [];
  });
  return positions.at(-tail) ?? log.first;
}
