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

/** A pod that prints, and its log stream. */
export interface PodLog extends LogSource {
  readonly jobId: string;
  /** The pod as it was some seconds ago at most; `NOT_FOUND` where it is gone. */
  pod(): Promise<Pod>;
  /** Asked before the log of a container that has ended is opened: whether it was tried in vain for too long. */
  isHopeless(): boolean;
  /** Told that something new has come, or that the container runs. */
  goesOn(): void;
  /** Told again and again that the log can be had, and whether it has had a line yet. */
  had(pod: Pod, options: { empty: boolean }): void;
  /** The error for a stream that came garbled and may come whole another time. */
  broken(reason: string, cause?: unknown): TrainyardError;
}

export interface FollowTimes {
  /** A log that has been silent for so long after its container ended is drained. */
  quietMs: number;
  /** Between two looks for the log of a pod that is being prepared. */
  preparingMs: number;
}

/**
 * Follows a pod's log to the wrapper's last word, or where there is none until the container has ended
 * and its log is silent. A stream that is cut, ends or falls silent is opened again for as long as
 * the pod lives. Throws where the log cannot be had, and `NOT_FOUND` where the pod is gone; that of a
 * container that has ended is given up in the end, with a gap.
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
    return { texts: [], runs: [], cursor: cursorOf(transcript.position), ended: { state } };
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

/** A log without a line may have no answer before its first one; that of a container that has ended gets none. */
const maxUnanswered = 3;

const unreadReason = 'RunPod did not give the end of its log after the container had ended';

/** An open event stream. */
class Stream {
  readonly #late: LateStream;
  #wasCut = false;

  constructor(late: LateStream) {
    this.#late = late;
  }

  /** RunPod has answered that it gives the log. */
  get isOpen(): boolean {
    return this.#late.isOpen;
  }

  /** It did not end as a stream does. */
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

  /** A cut and a long silence end a stream: they say nothing of the job. */
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

/** An event without data keeps the stream alive; data that is not what RunPod says of a line is a line as it stands. */
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

/** The pod as it is now; as it was, where RunPod does not say: the stream itself is sound. */
async function lookAgain(log: PodLog, pod: Pod): Promise<Pod> {
  try {
    return await log.pod();
  } catch (error) {
    if (codeOf(error) === 'PROVIDER_UNAVAILABLE' || codeOf(error) === 'RATE_LIMITED') return pod;
    throw error;
  }
}
