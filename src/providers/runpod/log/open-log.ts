import { codeOf, TrainyardError } from '../../../core/errors.ts';
import { httpStatusOf } from '../api/answer.ts';
import type { LogStart } from '../api/api.ts';
import { hasEnded, isComing, type Pod, timeOf } from '../api/wire.ts';
import type { LogPosition } from './cursor.ts';
import { type LateStream, openLate } from './late-stream.ts';

export interface LogSource {
  /** Opens the stream, to be read at once; it ends with the signal. */
  open(start: LogStart, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Told that the log cannot be had; says how many times in a row. */
  refused(error: unknown): number;
}

/** The most lines that RunPod gives of the past, where it is not asked by time. */
const maxTail = 5000;
/** The clock that dates lines and the one that dates pods may differ by so much. */
const clockSkewMs = 3_600_000;
/** RunPod may round times to a second: a start by time goes back so far. */
const overlapMs = 1000;
/** The log of a container that has ended is given up after so many refusals in a row. */
const maxRefusals = 3;

/** `isExact` where it begins right after the position's `kept`. */
export interface OpenedLog {
  stream: LateStream;
  isExact: boolean;
}

/**
 * A stream that begins at or before the newest event that was read, or at the pod's first. Null where
 * the pod is still being prepared and has no log yet; `ended` where the container has ended and its
 * log cannot be had. Throws where it may be had another time.
 */
export async function openLog(
  log: LogSource,
  options: { pod: Pod; position: LogPosition; soonMs: number; signal: AbortSignal },
): Promise<OpenedLog | 'ended' | null> {
  const { pod, position } = options;
  try {
    return await openAt(log, startsOf(position, pod), options);
  } catch (error) {
    const status = httpStatusOf(error);
    if (status === null || ![401, 403, 404].includes(status)) throw error;
    if (status === 404 && isComing(pod)) return null;
    const refusals = log.refused(error);
    if (hasEnded(pod) && refusals >= maxRefusals) return 'ended';
    // The pod is there, so it is the log alone that is not found: that may pass.
    if (codeOf(error) !== 'NOT_FOUND' || !(error instanceof TrainyardError)) throw error;
    throw new TrainyardError('PROVIDER_UNAVAILABLE', error.message, { cause: error });
  }
}

/** Goes on with the next start where one is refused for what it is. */
async function openAt(
  log: LogSource,
  [start, ...others]: readonly LogStart[],
  options: { position: LogPosition; soonMs: number; signal: AbortSignal },
): Promise<OpenedLog> {
  const begin = start ?? { tail: maxTail };
  const { soonMs, signal } = options;
  try {
    const stream = await openLate((ending) => log.open(begin, ending), { soonMs, signal });
    const isExact = 'lastEventId' in begin && begin.lastEventId === options.position.kept;
    return { stream, isExact };
  } catch (error) {
    const status = httpStatusOf(error);
    if ((status === 400 || status === 422) && others.length > 0) {
      return await openAt(log, others, options);
    }
    throw error;
  }
}

/** The starts to try in this order: the most exact one first, the one that RunPod always takes last. */
function startsOf({ newest, kept }: LogPosition, pod: Pod): LogStart[] {
  const tail = { tail: maxTail };
  const from =
    newest === null ? since(pod.createdAt, clockSkewMs) : since(timeOf(newest.ts), overlapMs);
  // The event before the newest: if the stream then begins with the newest, nothing is lost.
  // That of a container that has ended is answered for sure where it has a line to give once more.
  const after = hasEnded(pod) ? null : kept;
  const byId = [after, newest?.before].flatMap((id) => (id ? [{ lastEventId: id }] : []));
  return [...byId, ...(from === null ? [] : [{ since: from, ...tail }]), tail];
}

function since(time: number | null, marginMs: number): string | null {
  return time === null ? null : new Date(time - marginMs).toISOString();
}
