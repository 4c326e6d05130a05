import { codeOf, TrainyardError } from '../../../core/errors.ts';
import { httpStatusOf } from '../api/answer.ts';
import type { LogStart } from '../api/api.ts';
import { hasEnded, isComing, type Pod, timeOf } from '../api/wire.ts';
import type { LogPosition } from './cursor.ts';
import { type LateStream, openLate } from './late-stream.ts';

/** A pod's log at RunPod. */
export interface LogSource {
  /** Opens the stream, which must be read at once and ends with the signal. */
  open(start: LogStart, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Called when RunPod refuses the log; returns how many times in a row it has. */
  refused(error: unknown): number;
}

/** The most past lines that RunPod can be asked for. */
const maxTail = 5000;
/** How far the clock that dates lines may be behind the one that dates pods. */
const clockSkewMs = 3_600_000;
/** How far before the newest event a start by time goes back, because RunPod may round times to a second. */
const overlapMs = 1000;
/** How many refusals in a row it takes to give up the log of a container that has ended. */
const maxRefusals = 3;

/** An opened log stream. */
export interface OpenedLog {
  stream: LateStream;
  /** True where the stream begins right after the position's `kept`. */
  isExact: boolean;
}

/**
 * Opens a stream that begins at or before the newest event that was read, or at the pod's first one. Null where the
 * pod is still being prepared and has no log yet. `ended` where the container has ended and RunPod refuses its log.
 * Throws where the log may be readable another time.
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
    // The pod exists and only its log is not found, which may pass.
    if (codeOf(error) !== 'NOT_FOUND' || !(error instanceof TrainyardError)) throw error;
    throw new TrainyardError('PROVIDER_UNAVAILABLE', error.message, { cause: error });
  }
}

/** Tries the starts in order, as long as RunPod refuses them as invalid (400 or 422). */
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

/** The starts to try: the most exact one first, and last the one that RunPod always accepts. */
function startsOf({ newest, kept }: LogPosition, pod: Pod): LogStart[] {
  const tail = { tail: maxTail };
  const from =
    newest === null ? since(pod.createdAt, clockSkewMs) : since(timeOf(newest.ts), overlapMs);
  // A start after the event before the newest one shows that nothing is lost, if the stream begins with the newest.
  // After the end of a container this start comes first: it has a line to send, so RunPod answers for sure.
  const after = hasEnded(pod) ? null : kept;
  const byId = [after, newest?.before].flatMap((id) => (id ? [{ lastEventId: id }] : []));
  return [...byId, ...(from === null ? [] : [{ since: from, ...tail }]), tail];
}

function since(time: number | null, marginMs: number): string | null {
  return time === null ? null : new Date(time - marginMs).toISOString();
}
