/** A caller that has waited for more than twice its share, and for so much work of others, is next. */
const patienceMs = 100;

/** One who waits, with all that it waits for: one thing after the other. */
interface Caller {
  /** When its last piece of work ended, in the line's own time. */
  endedAt: number;
  readonly asks: { expectedMs: number; go: () => void }[];
  /** When the first of them begins, and when it is expected to end, if nobody else were there. */
  beginsAt: number;
  endsAt: number;
  /** How much work the line will have done when it has waited for too long. */
  overdueAt: number;
}

/**
 * Callers who wait for turns of one kind. The line has a time of its own, which goes on as work is done, the
 * slower, the more callers share it. A caller's piece begins where its last one ended, but not in the past; the
 * piece with the earliest expected end is next. So a caller that has used much, or asks for much, waits for
 * those who have used or ask for less, and a thousand asks of one caller delay another one no more than one does.
 * New callers begin in the line's present, so that they come first; where they never end, those who are overdue are
 * served before them.
 */
export class FairLine {
  /** Those who wait, the one to be served next last. */
  readonly #waiting: Caller[] = [];
  /** The same, the one that is overdue first last. */
  readonly #patient: Caller[] = [];
  readonly #callers = new WeakMap<object, Caller>();
  #now = 0;
  /** How much work was done, in milliseconds. */
  #workedMs = 0;
  #served: Caller | null = null;

  /** How many callers wait. */
  get callers(): number {
    return this.#waiting.length;
  }

  /** Waits for a turn on behalf of `who`, which calls `go`. */
  enter(who: object, ask: { expectedMs: number; go: () => void }): void {
    const caller = this.#callers.get(who) ?? newCaller();
    this.#callers.set(who, caller);
    caller.asks.push(ask);
    // A caller that is being served takes its next place when it is known what it has used.
    if (caller.asks.length === 1 && this.#served !== caller) this.#queue(caller);
  }

  /** Gives the next caller its turn; the time that it takes is charged by `ended`, before anybody is served again. */
  serveNext(): void {
    const patient = this.#patient.at(-1);
    const isOverdue = patient && patient.overdueAt <= this.#workedMs;
    const caller = isOverdue ? patient : this.#waiting.at(-1);
    const ask = caller?.asks.shift();
    if (!caller || !ask) return;
    remove(this.#waiting, 'endsAt', caller);
    remove(this.#patient, 'overdueAt', caller);
    this.#now = Math.max(this.#now, caller.beginsAt);
    this.#served = caller;
    ask.go();
  }

  /** Charges the caller that was served last. */
  ended(tookMs: number): void {
    const caller = this.#served;
    if (!caller) return;
    this.#served = null;
    this.#workedMs += tookMs;
    caller.endedAt = caller.beginsAt + tookMs;
    if (caller.asks.length > 0) this.#queue(caller);
    // One who has used the line while it was free owes nothing to those who come later.
    if (this.#waiting.length === 0) this.#now = Math.max(this.#now, caller.endedAt);
  }

  #queue(caller: Caller): void {
    caller.beginsAt = Math.max(caller.endedAt, this.#now);
    caller.endsAt = caller.beginsAt + (caller.asks[0]?.expectedMs ?? 0);
    const shareMs = (caller.endsAt - this.#now) * (this.#waiting.length + 1);
    caller.overdueAt = this.#workedMs + patienceMs + 2 * shareMs;
    insert(this.#waiting, 'endsAt', caller);
    insert(this.#patient, 'overdueAt', caller);
  }
}

function newCaller(): Caller {
  return { endedAt: 0, asks: [], beginsAt: 0, endsAt: 0, overdueAt: 0 };
}

type Time = 'endsAt' | 'overdueAt';

/** Callers are kept in falling order of their time, of those with the same one the newest first. */
function insert(callers: Caller[], time: Time, caller: Caller): void {
  callers.splice(indexOf(callers, time, caller[time]), 0, caller);
}

function remove(callers: Caller[], time: Time, caller: Caller): void {
  callers.splice(callers.indexOf(caller, indexOf(callers, time, caller[time])), 1);
}

/** The index from which on all have at most this time, found by bisection. */
function indexOf(callers: readonly Caller[], time: Time, most: number): number {
  let from = 0;
  let to = callers.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((callers[middle]?.[time] ?? 0) > most) from = middle + 1;
    else to = middle;
  }
  return from;
}
