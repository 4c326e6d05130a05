/** How long work goes on, in milliseconds, before whatever else has come to the process is let in. */
const sliceMs = 8;
/** What a question may have used up, in milliseconds, more than a stream that waits beside it and still go first. */
const creditMs = 50;

/** A question is answered once; a stream goes on for as long as its reader likes. */
export type TurnKind = 'question' | 'stream';

interface Waiter {
  who: object;
  used: number;
  go: () => void;
}

/**
 * Shares the one thread fairly among all who have work for it. Whoever has a piece of work of a few
 * milliseconds waits for a turn first; the piece is what then runs without waiting for the outside.
 * Next is who has used least, so that a thousand who ask for much delay nobody who asks for little;
 * who comes new counts as one who has used as much as the last one served. Every `sliceMs` the event
 * loop goes round, so that work without turns, such as a new connection, waits no longer than that.
 */
export class Turns {
  /** Most used first: the next one is the last one. */
  readonly #waiting: Waiter[] = [];
  readonly #used = new WeakMap<object, number>();
  /** What the last one served had used before. */
  #level = 0;
  #running: { who: object; since: number } | null = null;
  #isBusy = false;
  /** When the slice under way is over; null where none is. */
  #endsAt: number | null = null;

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the work of `who` is due: at once where nobody waits. `who` is what is charged, such as a connection. */
  next(who: object, kind: TurnKind): Promise<void> {
    // Whoever is at work asks for more before its piece is over.
    if (this.#running?.who === who) this.#charge();
    const used = Math.max(
      this.#used.get(who) ?? 0,
      this.#level - (kind === 'question' ? creditMs : 0),
    );
    // One piece at a time: whoever was let go just now has not begun yet.
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
    // One at least, however late it is.
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
    // After all that the piece does without waiting: a tick comes behind the last of its promises.
    queueMicrotask(() => process.nextTick(() => this.#serve()));
  }

  #charge(): void {
    if (!this.#running) return;
    const { who, since } = this.#running;
    this.#running = null;
    this.#used.set(who, (this.#used.get(who) ?? 0) + performance.now() - since);
  }

  /** Behind all who have used as much or less, by bisection. */
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
