import { ParseError } from 'eventsource-parser';
import type { ZodType } from 'zod';
import type { TrainyardError } from '../../../core/errors.ts';
import type { LogGap, LogNotice } from '../../../core/log.ts';
import type { LogBatch } from '../../../core/provider.ts';
import { Backoff } from '../../../lib/async/backoff.ts';
import { waitMs } from '../../../lib/async/wait.ts';
import { eventsOf } from '../../http/events.ts';
import { endEvent, endStateOf, linesEvent, timeOf, unfinishedEvent } from '../api/wire.ts';
import { cursorOf } from './cursor.ts';
import { batchOf } from './lines.ts';

/** Why lines of a log may be missing; null where the server gives no reason. */
export type EndNotice = Omit<LogNotice, 'url'> | null;

/** A log that a training server sends as events, and that can be read by page as well. */
export interface StreamedLog {
  /** The event stream from line `offset` on; null where the server has none. */
  open(offset: number): Promise<AsyncIterable<Uint8Array> | null>;
  /** One page, the number of its first line, and the gaps in it. */
  page(range: {
    offset: number;
    limit: number;
  }): Promise<{ offset: number; lines: readonly string[]; gaps: readonly LogGap[] }>;
  /** Called at the end with the server's notice for the whole log. */
  ended(notice: EndNotice): void;
  /** The error for a stream that failed and may succeed another time. */
  broken(reason: string, cause?: unknown): TrainyardError;
}

/** How many streams in a row may end early without a new line before `followStream` throws. */
const maxCuts = 3;
const pageLines = 1000;
const lostReason = 'The training server does not have the lines before this one any more';

/**
 * Follows a log by its event stream, from line `from` to its end. Each event is compared with the line that is due:
 * lines that came before are dropped, and missing lines, also those of an event that cannot be read, are read by
 * page. Lines that the server no longer has, or reports as lost, become a gap. A stream that ends early is opened
 * again, up to three times in a row without a new line. Throws where the stream breaks, or ends before lines that
 * have come already. Returns false, having yielded nothing, where the server has no event stream.
 */
export async function* followStream(
  log: StreamedLog,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<LogBatch, boolean> {
  const cuts = new Backoff({ firstMs: 100, maxMs: 1000 });
  let at = from;
  for (let first = true; ; first = false) {
    const begun = at;
    const chunks = await log.open(at);
    if (chunks === null && first) return false;
    if (chunks === null) throw log.broken('its event stream is gone');
    for await (const event of sound(log, chunks)) {
      if (event.event === 'end') {
        const end = parsed(endEvent, event.data);
        if (!end) throw log.broken('its event stream ends in words of no training server');
        if (end.total_lines < at) {
          throw log.broken(
            `it says that the log has ${end.total_lines} lines, of which ${at} came`,
          );
        }
        log.ended(end.notice ?? null);
        const isTold = yield* hole(log, { from: at, to: end.total_lines, gaps: end.gaps });
        at = Math.max(at, end.total_lines);
        const batch = batchOf([], Date.now(), cursorOf({ at, anchor: [] }));
        const last = withGaps(batch, { first: at, isTold, gaps: end.gaps, isEnd: true });
        yield { ...last, ended: { state: endStateOf(end) } };
        return true;
      }
      if (event.event === 'unfinished') {
        const unfinished = parsed(unfinishedEvent, event.data);
        if (unfinished?.offset !== at) continue;
        const { text, time } = unfinished;
        const batch = batchOf([], Date.now(), cursorOf({ at, anchor: [] }));
        yield { ...batch, unfinished: { text, time: timeOf(time) ?? Date.now() } };
      }
      if (event.event !== undefined && event.event !== 'message') continue;
      const told = parsed(linesEvent, event.data);
      if (!told) {
        at = yield* readByPage(log, at);
        continue;
      }
      const { offset, lines, time, gaps } = told;
      const isTold = yield* hole(log, { from: at, to: offset, gaps });
      const first = Math.max(at, offset);
      const fresh = lines.slice(first - offset);
      at = first + fresh.length;
      if (fresh.length === 0) continue;
      const batch = batchOf(fresh, timeOf(time) ?? Date.now(), cursorOf({ at, anchor: [] }));
      yield withGaps(batch, { first, isTold, gaps });
    }
    if (at > begun) cuts.reset();
    if (cuts.failures >= maxCuts) throw log.broken('its event stream ends again and again');
    if (!(await waitMs(cuts.nextMs(), signal))) return true;
  }
}

/**
 * Reads the lines from `from` up to `to` by page, with a gap for those that the server does not have; `gaps` may say
 * why. Returns true where this included the gap before line `to`.
 */
async function* hole(
  log: StreamedLog,
  range: { from: number; to: number; gaps: readonly LogGap[] },
): AsyncGenerator<LogBatch, boolean> {
  let at = range.from;
  let isTold = false;
  while (at < range.to) {
    const page = await log.page({ offset: at, limit: Math.min(pageLines, range.to - at) });
    const skipped = Math.max(0, at - page.offset);
    const lines = page.lines.slice(skipped, Math.max(0, range.to - page.offset));
    const first = lines.length > 0 ? Math.max(at, page.offset) : range.to;
    const isLost = first > at;
    at = first + lines.length;
    const batch = batchOf(lines, Date.now(), cursorOf({ at, anchor: [] }));
    const said = [...page.gaps, ...range.gaps];
    const why = said.find(({ offset }) => offset === first)?.reason ?? lostReason;
    const inside = withGaps(batch, { first, isTold: isLost, gaps: page.gaps });
    yield isLost
      ? { ...inside, gaps: [{ before: 0, reason: why }, ...(inside.gaps ?? [])] }
      : inside;
    isTold = isLost && first === range.to;
  }
  return isTold;
}

/** Reads what the server has from line `from` on: what an event says that cannot be read. Returns the line after it. */
async function* readByPage(log: StreamedLog, from: number): AsyncGenerator<LogBatch, number> {
  for (let at = from; ; ) {
    const { offset, lines, gaps } = await log.page({ offset: at, limit: pageLines });
    const to = offset + lines.length;
    if (to <= at) return at;
    yield* hole(log, { from: at, to, gaps });
    at = to;
  }
}

/** Adds to a batch the gaps before its lines and, at the end of the log, the one that no line follows. */
function withGaps(
  batch: LogBatch,
  said: { first: number; isTold: boolean; gaps: readonly LogGap[]; isEnd?: boolean },
): LogBatch {
  const from = said.isTold ? said.first + 1 : said.first;
  const to = said.first + (said.isEnd ? 1 : batch.lines.length);
  const gaps = said.gaps
    .filter(({ offset }) => offset >= from && offset < to)
    .map(({ offset, reason }) => ({ before: offset - said.first, reason }));
  return gaps.length === 0 ? batch : { ...batch, gaps };
}

async function* sound(log: StreamedLog, chunks: AsyncIterable<Uint8Array>) {
  try {
    yield* eventsOf(chunks);
  } catch (error) {
    if (error instanceof ParseError) throw log.broken('an event of its stream is too long', error);
    throw error;
  }
}

/** What an event says; null where it is not what a training server says. */
function parsed<T>(schema: ZodType<T>, data: string): T | null {
  try {
    return schema.parse(JSON.parse(data));
  } catch {
    return null;
  }
}
