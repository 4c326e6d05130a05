/** How long work goes on, in milliseconds, before the event loop may handle other things. */
const sliceMs = 8;
/** A question goes before a stream that waits beside it, unless it has used this many milliseconds more. */
const creditMs = 50;

/** A question is answered once; a stream goes on for as long as its reader likes. */
export type TurnKind = 'question' | 'stream';

interface Waiter {
  who: object;
  used: number;
  go: () => void;
}

/**
 * Shares the one thread fairly among all who have work for it. Each caller waits for a turn, then runs one
 * piece of work of a few milliseconds: all that it does before it next waits for the outside. The next turn
 * goes to the caller that has used the least time, so that a thousand callers who ask for much do not delay
 * one who asks for little. A new caller starts with the used time of the one served last. The event loop runs
 * at least every `sliceMs`, so that work without turns, such as a new connection, waits no longer than that.
 */
export class Turns {
  /** Sorted by used time, most first: the last one is served next. */
  readonly #waiting: Waiter[] = [];
  readonly #used = new WeakMap<object, number>();
  /** The used time of the caller served last, before its turn. */
  #level = 0;
  #running: { who: object; since: number } | null = null;
  #isBusy = false;
  /** When the current slice ends; null between slices. */
  #endsAt: number | null = null;

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is the turn of `who`: at once where nobody waits. The time used is charged to `who`, such as a connection. */
  next(who: object, kind: TurnKind): Promise<void> {
    // This caller is at work and asks for its next turn already, so its time is charged now.
    if (this.#running?.who === who) this.#charge();
    const used = Math.max(
      this.#used.get(who) ?? 0,
      this.#level - (kind === 'question' ? creditMs : 0),
    );
    // Only one piece runs at a time, and the caller that was let go just now may not have begun yet.
    if (!this.#isBusy && this.#waiting.length === 0 && this.#hasTime()) {
      this.#begin(who, used);
      return Promise.resolve();
    }
    return new Promise((go) => {
      this.#waiting.splice(this.#placeOf(used), 0, { who, used, go });
    });
  }

  #hasTime(): boolean {
    const now = performance.now();
    if (this.#endsAt === null) {
      this.#endsAt = now + sliceMs;
      setImmediate(() => this.#nextSlice());
    }
    return now < this.#endsAt;
  }

  #nextSlice(): void {
    this.#endsAt = null;
    // At least one caller is served in each slice, however late it is.
    if (this.#waiting.length > 0 && this.#hasTime()) this.#serveNext();
  }

  #serve(): void {
    this.#isBusy = false;
    this.#charge();
    if (this.#endsAt !== null && performance.now() < this.#endsAt) this.#serveNext();
  }

  #serveNext(): void {
    const next = this.#waiting.pop();
    if (!next) return;
    this.#begin(next.who, next.used);
    next.go();
  }

  #begin(who: object, used: number): void {
    this.#level = Math.max(this.#level, used);
    this.#used.set(who, used);
    this.#running = { who, since: performance.now() };
    this.#isBusy = true;
    // This runs after all that the piece does without waiting: a tick comes after the last of its promises.
    queueMicrotask(() => process.nextTick(() => this.#serve()));
  }

  #charge(): void {
    if (!this.#running) return;
    const { who, since } = this.#running;
    this.#running = null;
    this.#used.set(who, (this.#used.get(who) ?? 0) + performance.now() - since);
  }

  /** The index behind which all callers have used as much or less, found by bisection. */
  #placeOf(used: number): number {
    let from = 0;
    let to = this.#waiting.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#waiting[middle]?.used ?? 0) > used) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
