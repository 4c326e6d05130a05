import { FairLine } from './fair-line.ts';

/** How long work goes on, in milliseconds, before the event loop may handle other things. */
const sliceMs = 8;

/**
 * What a turn is for: to look into a question and, where that takes little, answer it; to read much for an
 * answer; or to go on with a stream, which asks again for as long as its reader likes.
 */
export type TurnKind = 'question' | 'page' | 'stream';

/** How the time is divided among the kinds of which some wait: questions are small, and people wait for them. */
const shares: Readonly<Record<TurnKind, number>> = { question: 4, page: 1, stream: 1 };

interface Lane {
  readonly line: FairLine;
  readonly share: number;
  /** The time that it has used, by its share, in milliseconds. */
  used: number;
}

/**
 * Shares the one thread fairly among all who have work for it. Each caller waits for a turn, then runs one
 * piece of work of a few milliseconds: all that it does before it next waits for the outside. Those who wait for
 * the same kind of turn share it by caller. The kinds share the time by `shares`, so that a thousand callers who
 * want pages or streams do not delay one who asks for little. The event loop runs at least every `sliceMs`, so
 * that work without turns, such as a new connection, waits no longer than that.
 */
export class Turns {
  readonly #lanes: Readonly<Record<TurnKind, Lane>> = {
    question: laneOf('question'),
    page: laneOf('page'),
    stream: laneOf('stream'),
  };
  /** The used time of the kind served last, before its turn. */
  #level = 0;
  #running: { who: object; lane: Lane; since: number } | null = null;
  #isBusy = false;
  /** When the current slice ends; null between slices. */
  #endsAt: number | null = null;
  /** Whether something has come since the last slice, for which work rests; and since when it rests. */
  #isComing = false;
  #restsSince: number | null = null;

  /** How many callers wait for a turn. */
  get waiting(): number {
    const { question, page, stream } = this.#lanes;
    return question.line.callers + page.line.callers + stream.line.callers;
  }

  /**
   * Resolves when it is the turn of `who`: at once where nobody waits. The time used is charged to `who`, such
   * as a connection. Of callers alike, the one whose piece is expected to take less goes first.
   */
  next(who: object, kind: TurnKind, expectedMs = 0): Promise<void> {
    // This caller is at work and asks for its next turn already, so its time is charged now.
    if (this.#running?.who === who) this.#charge();
    const lane = this.#lanes[kind];
    if (lane.line.callers === 0) lane.used = Math.max(lane.used, this.#level);
    return new Promise((go) => {
      const isAlone = !this.#isBusy && this.waiting === 0;
      lane.line.enter(who, { expectedMs, go: () => this.#begin(lane, who, go) });
      if (isAlone && this.#hasTime()) lane.line.serveNext();
    });
  }

  /**
   * Says that something has come of which the event loop brings one each time that it goes round, such as a new
   * connection: work rests until no more come, but not for longer than a slice. Otherwise the last of a few
   * hundred that come at once would wait for as many slices.
   */
  letIn(): void {
    this.#isComing = true;
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
    if (this.#mayRest()) {
      // A slice that is over: nothing is begun in it.
      this.#endsAt = Number.NEGATIVE_INFINITY;
      setImmediate(() => this.#nextSlice());
      return;
    }
    this.#restsSince = null;
    this.#endsAt = null;
    // At least one caller is served in each slice, however late it is.
    if (this.waiting > 0 && this.#hasTime()) this.#serveNext();
  }

  #mayRest(): boolean {
    const isComing = this.#isComing;
    this.#isComing = false;
    if (!isComing || this.waiting === 0) return false;
    const now = performance.now();
    this.#restsSince ??= now;
    return now - this.#restsSince < sliceMs;
  }

  #serve(): void {
    this.#isBusy = false;
    this.#charge();
    if (this.#endsAt !== null && performance.now() < this.#endsAt) this.#serveNext();
  }

  #serveNext(): void {
    let next: Lane | null = null;
    for (const lane of Object.values(this.#lanes)) {
      if (lane.line.callers > 0 && (next === null || lane.used < next.used)) next = lane;
    }
    next?.line.serveNext();
  }

  #begin(lane: Lane, who: object, go: () => void): void {
    this.#level = lane.used;
    this.#running = { who, lane, since: performance.now() };
    this.#isBusy = true;
    // This runs after all that the piece does without waiting: a tick comes after the last of its promises.
    queueMicrotask(() => process.nextTick(() => this.#serve()));
    go();
  }

  #charge(): void {
    if (!this.#running) return;
    const { lane, since } = this.#running;
    this.#running = null;
    const tookMs = performance.now() - since;
    lane.used += tookMs / lane.share;
    lane.line.ended(tookMs);
  }
}

function laneOf(kind: TurnKind): Lane {
  return { line: new FairLine(), share: shares[kind], used: 0 };
}
