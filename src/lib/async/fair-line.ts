/** One who waits, with all that it waits for: one thing after the other. */
interface Caller {
  /** When its last piece of work ended, in the line's own time. */
  endedAt: number;
  readonly asks: { expectedMs: number; go: () => void }[];
  /** When the first of them begins, and when it is expected to end, if nobody else were there. */
  beginsAt: number;
  endsAt: number;
}

/**
 * Callers who wait for turns of one kind. The line has a time of its own, which goes on as work is done, the
 * slower, the more callers share it. A caller's piece begins where its last one ended, but not in the past; the
 * piece with the earliest expected end is next. So a caller that has used much, or asks for much, waits for
 * those who have used or ask for less, and a thousand asks of one caller delay another one no more than one does.
 */
export class FairLine {
  /** Those who wait, the one to be served next last. */
  readonly #waiting: Caller[] = [];
  readonly #callers = new WeakMap<object, Caller>();
  #now = 0;
  #served: Caller | null = null;

  /** How many callers wait. */
  get callers(): number {
    return this.#waiting.length;
  }

  /** Waits for a turn on behalf of `who`, which calls `go`. */
  enter(who: object, ask: { expectedMs: number; go: () => void }): void {
    const caller = this.#callers.get(who) ?? { endedAt: 0, asks: [], beginsAt: 0, endsAt: 0 };
    this.#callers.set(who, caller);
    caller.asks.push(ask);
    // A caller that is being served takes its next place when it is known what it has used.
    if (caller.asks.length === 1 && this.#served !== caller) this.#queue(caller);
  }

  /** Gives the next caller its turn; the time that it takes is charged by `ended`, before anybody is served again. */
  serveNext(): void {
    const caller = this.#waiting.pop();
    const ask = caller?.asks.shift();
    if (!caller || !ask) return;
    this.#served = caller;
    ask.go();
  }

  /** Charges the caller that was served last. */
  ended(tookMs: number): void {
    const caller = this.#served;
    if (!caller) return;
    this.#served = null;
    caller.endedAt = caller.beginsAt + tookMs;
    // Not by whom is served: where newcomers never end, those who ask for much must come nearer all the same.
    this.#now += tookMs / (this.#waiting.length + 1);
    if (caller.asks.length > 0) this.#queue(caller);
    // One who has used the line while it was free owes nothing to those who come later.
    if (this.#waiting.length === 0) this.#now = Math.max(this.#now, caller.endedAt);
  }

  #queue(caller: Caller): void {
    caller.beginsAt = Math.max(caller.endedAt, this.#now);
    caller.endsAt = caller.beginsAt + (caller.asks[0]?.expectedMs ?? 0);
    this.#waiting.splice(this.#indexOf(caller.endsAt), 0, caller);
  }

  /** The index from which on all are expected to end by then, found by bisection. */
  #indexOf(endsAt: number): number {
    let from = 0;
    let to = this.#waiting.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#waiting[middle]?.endsAt ?? 0) > endsAt) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
