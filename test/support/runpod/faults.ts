import type { RouteName } from './routes.ts';

/**
 * What goes wrong with a call. A status: it is refused, and nothing is done. `hang`: it is never
 * answered, and nothing is done. Then those that do what was asked, and spoil the answer:
 * `late` (the answer comes after `ms`), `lose-answer` (the connection ends instead),
 * `no-answer` (it stays open), `cut` (half of the answer, then the connection ends),
 * `garbage` (a web page with status 200), `endless` (JSON without an end). A log stream that meets one
 * of these does not begin.
 */
export type CallFault =
  | {
      status: number;
      detail?: string;
      errors?: readonly string[];
      retryAfter?: number;
      /** As a gateway before RunPod answers. */
      isPlainText?: boolean;
    }
  | { act: 'late'; ms: number }
  | { act: 'hang' | 'lose-answer' | 'no-answer' | 'cut' | 'garbage' | 'endless' };

/** What goes wrong with a log stream. Positions count the events of this stream from 0. */
export interface StreamFault {
  /** Refused with this status where it is asked for with a Last-Event-ID; other calls wait for no fault. */
  refuseLastEventId?: 400 | 422;
  /** Begins this many events earlier than it was asked to. */
  rewind?: number;
  /** These events are sent twice. */
  doubled?: readonly number[];
  /** What is sent as it stands before an event, and at once after the one before, such as a comment or an event that is no line. */
  insert?: readonly { before: number; text: string }[];
  /** These events are not sent. */
  lost?: readonly number[];
  /**
   * After `after` events, lost ones included: `cut` breaks the connection in the middle of the next
   * event, `end-in-event` ends it cleanly just before the blank line of the next event, `end` ends it
   * cleanly, `silence` sends nothing any more.
   */
  stop?: 'cut' | 'end-in-event' | 'end' | 'silence';
  after?: number;
}

export interface Faults {
  /** Spoils the next call of a route, or the next `times`. The returned function takes the fault back. */
  next(route: RouteName, fault: CallFault & { times?: number }): () => void;
  /** Spoils the next log stream, or the next `times`. */
  nextStream(fault: StreamFault & { times?: number }): () => void;
  /** Takes every fault back. */
  clear(): void;
}

export interface ArmedFaults extends Faults {
  /** The fault that this call meets, which is used up. */
  ofCall(route: RouteName): CallFault | null;
  ofStream(hasLastEventId: boolean): StreamFault;
}

export function createFaults(): ArmedFaults {
  const calls: Armed<CallFault & { route: RouteName }>[] = [];
  const streams: Armed<StreamFault>[] = [];
  return {
    next: (route, { times = 1, ...fault }) => arm(calls, { fault: { ...fault, route }, times }),
    nextStream: ({ times = 1, ...fault }) => arm(streams, { fault, times }),
    clear() {
      calls.length = 0;
      streams.length = 0;
    },
    ofCall: (route) => take(calls, (fault) => fault.route === route),
    ofStream: (hasLastEventId) =>
      take(streams, (fault) => hasLastEventId || fault.refuseLastEventId === undefined) ?? {},
  };
}

interface Armed<Fault> {
  fault: Fault;
  times: number;
}

function arm<Fault>(all: Armed<Fault>[], armed: Armed<Fault>): () => void {
  all.push(armed);
  return () => {
    const at = all.indexOf(armed);
    if (at !== -1) all.splice(at, 1);
  };
}

/** The first that applies; a fault is gone once it has struck as often as it should. */
function take<Fault>(all: Armed<Fault>[], applies: (fault: Fault) => boolean): Fault | null {
  const armed = all.find(({ fault }) => applies(fault));
  if (armed === undefined) return null;
  armed.times -= 1;
  if (armed.times <= 0) all.splice(all.indexOf(armed), 1);
  return armed.fault;
}
