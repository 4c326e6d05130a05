import { type EventSourceMessage, ParseError } from 'eventsource-parser';
import { codeOf, type TrainyardError } from '../../../core/errors.ts';
import type { LogBatch, ProviderState } from '../../../core/provider.ts';
import { Backoff } from '../../../lib/async/backoff.ts';
import { withQuiet } from '../../../lib/async/quiet.ts';
import { waitMs } from '../../../lib/async/wait.ts';
import { eventBatchesOf } from '../../http/events.ts';
import { httpStatusOf } from '../api/answer.ts';
import { hasEnded, logEvent, type Pod } from '../api/wire.ts';
import { endStateOf, silentEndOf, unreadEndOf } from '../end.ts';
import { cursorOf, positionOf } from './cursor.ts';
import type { LateStream } from './late-stream.ts';
import { type LogSource, openLog } from './open-log.ts';
import { type PodEvent, Rejoin } from './rejoin.ts';
import { Transcript } from './transcript.ts';

/** A pod and its log. */
export interface PodLog extends LogSource {
  readonly jobId: string;
  /** The pod as it was at most some seconds ago. Throws `NOT_FOUND` where it is gone. */
  pod(): Promise<Pod>;
  /** Called before each try to open the log of a container that has ended; true where it is time to give the log up. */
  isHopeless(): boolean;
  /** Called when something new has come, and while the container runs. */
  goesOn(): void;
  /** Called while the log can be read; `empty` where it has had no line yet. */
  had(pod: Pod, options: { empty: boolean }): void;
  /** The error for a stream that came garbled and may come whole another time: `PROVIDER_UNAVAILABLE`. */
  broken(reason: string, cause?: unknown): TrainyardError;
}

/** In milliseconds. */
export interface FollowTimes {
  /** A log is drained when it has been silent for this long after its container ended. */
  quietMs: number;
  /** The pause between two tries to read the log of a pod that is being prepared. */
  preparingMs: number;
}

/**
 * Follows a pod's log until the wrapper reports the end or, where it does not, until the container has ended and the
 * log is silent. A stream that is cut, ends or falls silent is opened again for as long as the pod lives. The log of
 * a container that has ended is given up at last, with a gap. Throws where the log cannot be read, and `NOT_FOUND`
 * where the pod is gone.
 */
export async function* followPod(
  log: PodLog,
  cursor: string | null,
  options: { signal: AbortSignal; times: FollowTimes },
): AsyncGenerator<LogBatch, void> {
  const { signal, times } = options;
  const from = positionOf(cursor);
  const rejoin = new Rejoin(from.newest, from.kept);
  const transcript = new Transcript(log.jobId, from);
  const cuts = new Backoff({ firstMs: 100, maxMs: 5000 });
  const ended = (state: ProviderState): LogBatch => {
    return { lines: [], runs: [], cursor: cursorOf(transcript.position), ended: { state } };
  };
  const isEmpty = () => rejoin.newest === null && transcript.position.printed === 0;
  let unanswered = 0;
  if (from.end !== null) return yield ended(endStateOf(from.end));

  const leaving = new AbortController();
  const either = AbortSignal.any([signal, leaving.signal]);
  try {
    for (;;) {
      let pod = await log.pod();
      if (!hasEnded(pod)) log.goesOn();
      else if (log.isHopeless()) {
        return yield { ...ended(unreadEndOf(pod)), gaps: [{ before: 0, reason: unreadReason }] };
      }
      const { position } = transcript;
      const soonMs = times.quietMs;
      const opened = await openLog(log, { pod, position, soonMs, signal: either });
      if (opened === 'ended') return yield ended(silentEndOf(pod));
      if (opened === null) {
        if (!(await waitMs(times.preparingMs, signal))) return;
        continue;
      }
      rejoin.resume(opened);
      const hadEnded = hasEnded(pod);
      const stream = new Stream(opened.stream);
      for await (const events of withQuiet(stream.batches(log), times.quietMs)) {
        const { kept } = rejoin;
        const fresh = events === null ? rejoin.settle() : rejoin.take(events);
        if (stream.isOpen || isEmpty()) log.had(pod, { empty: isEmpty() });
        const isNew = fresh.events.length > 0 || fresh.hole;
        if (isNew || rejoin.kept !== kept) {
          if (isNew) {
            cuts.reset();
            log.goesOn();
          }
          const batch = transcript.take(fresh, rejoin);
          const { end } = transcript.position;
          if (end !== null) return yield { ...batch, ended: { state: endStateOf(end) } };
          yield batch;
        } else if (events === null) {
          const before = pod;
          pod = await lookAgain(log, pod);
          const isSilent = stream.isOpen && hasEnded(before) && hasEnded(pod);
          if (isSilent) return yield ended(silentEndOf(pod));
        }
      }
      if (hadEnded && !stream.wasCut) {
        const last = transcript.take(rejoin.settle(), rejoin);
        const { end } = transcript.position;
        return yield { ...last, ended: { state: end ? endStateOf(end) : silentEndOf(pod) } };
      }
      if (hadEnded && !stream.isOpen && isEmpty()) unanswered += 1;
      if (unanswered >= maxUnanswered) {
        const state = pod.status === 'ERROR' ? silentEndOf(pod) : unreadEndOf(pod);
        return yield { ...ended(state), gaps: [{ before: 0, reason: unreadReason }] };
      }
      if (!(await waitMs(cuts.nextMs(), signal))) return;
    }
  } finally {
    leaving.abort();
  }
}

/**
 * How many calls for the log of a container that has ended may stay unanswered. RunPod may answer only with the first
 * line of a log, so a log without lines may never be answered.
 */
const maxUnanswered = 3;

const unreadReason = 'RunPod did not give the end of its log after the container had ended';

/** An open event stream. */
class Stream {
  readonly #late: LateStream;
  #wasCut = false;

  constructor(late: LateStream) {
    this.#late = late;
  }

  /** True once RunPod has answered with the stream. */
  get isOpen(): boolean {
    return this.#late.isOpen;
  }

  /** True for a stream that was cut off, or silent for too long. */
  get wasCut(): boolean {
    return this.#wasCut;
  }

  async *batches(log: PodLog): AsyncGenerator<PodEvent[], void> {
    try {
      for await (const events of eventBatchesOf(this.#untilCut(log))) {
        yield events.map(parse);
      }
    } catch (error) {
      if (error instanceof ParseError) throw log.broken('an event of it is too long', error);
      throw error;
    }
  }

  /** The stream's bytes, up to a cut or a long silence, which say nothing about the job. */
  async *#untilCut(log: PodLog): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.#late.chunks;
    } catch (error) {
      const status = httpStatusOf(error);
      if (status !== null && [401, 403, 404].includes(status)) log.refused(error);
      if (status !== null || codeOf(error) !== 'PROVIDER_UNAVAILABLE') throw error;
      this.#wasCut = true;
    }
  }
}

/** An event without data is a keepalive. Data in another form than RunPod's is taken for a line. */
function parse({ id, data }: EventSourceMessage): PodEvent {
  if (data.trim() === '') return { id: id ?? null, line: null };
  const event = logEvent.safeParse(jsonIn(data)).data;
  if (event !== undefined) return { ...event, id: id ?? event.ts };
  return { id: id ?? null, ts: null, source: 'container', line: data };
}

function jsonIn(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** The pod as it is now, or as it was where RunPod cannot be asked, because the stream itself still works. */
async function lookAgain(log: PodLog, pod: Pod): Promise<Pod> {
  try {
    return await log.pod();
  } catch (error) {
    if (codeOf(error) === 'PROVIDER_UNAVAILABLE' || codeOf(error) === 'RATE_LIMITED') return pod;
    throw error;
  }
}
