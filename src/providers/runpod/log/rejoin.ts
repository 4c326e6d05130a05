import { timeOf } from '../api/wire.ts';
import type { Newest } from './cursor.ts';

/** One event of a pod's log. */
export interface PodEvent {
  /** Opaque: it may be unique, or no more than a time. */
  id: string;
  ts: string;
  source: string;
  line: string;
}

/** Events that are new, and whether events before them are lost. */
export interface Fresh {
  events: readonly PodEvent[];
  hole: boolean;
}

/** So many events of a resumed stream may come before the newest one that was read. */
const maxHeld = 20_000;
/** So many events back, one that is sent twice is known again. */
const maxKnown = 1000;

/**
 * Lets each event of a log through once, though streams are cut and resumed. A resumed stream is asked
 * for so that it begins at or before the newest event that was read: what comes until that one was
 * read before. Where it does not come, events between may be lost.
 */
export class Rejoin {
  readonly #known = new Map<string, string>();
  #newest: Newest | null;
  #held: PodEvent[] | null = null;
  #seen = 0;

  constructor(newest: Newest | null) {
    this.#newest = newest;
  }

  /** The newest event that was let through. */
  get newest(): Newest | null {
    return this.#newest;
  }

  /** A stream was opened again. */
  resume(): void {
    this.#held = this.#newest === null ? null : [];
    this.#seen = 0;
  }

  take(events: readonly PodEvent[]): Fresh {
    for (const [at, event] of events.entries()) {
      if (this.#held === null) return { events: this.#pass(events.slice(at)), hole: false };
      if (this.#isNewest(event)) this.#held = null;
      else if (this.#isAfter(event) || this.#held.length >= maxHeld) {
        return this.#giveUp(events.slice(at));
      } else this.#held.push(event);
    }
    return { events: [], hole: false };
  }

  /** Nothing has come for a while: what is held back is all that there is. */
  settle(): Fresh {
    return this.#held?.length ? this.#giveUp([]) : { events: [], hole: false };
  }

  #isNewest(event: PodEvent): boolean {
    if (event.id === this.#newest?.id) this.#seen += 1;
    return this.#seen === this.#newest?.repeat;
  }

  #isAfter({ ts }: PodEvent): boolean {
    return (timeOf(ts) ?? 0) > (timeOf(this.#newest?.ts) ?? 0);
  }

  /** The newest event did not come. What is older than it was read before all the same. */
  #giveUp(more: readonly PodEvent[]): Fresh {
    const newestTime = timeOf(this.#newest?.ts) ?? 0;
    const held = (this.#held ?? []).filter(({ ts }) => (timeOf(ts) ?? 0) >= newestTime);
    this.#held = null;
    return { events: this.#pass([...held, ...more]), hole: true };
  }

  #pass(events: readonly PodEvent[]): PodEvent[] {
    return events.filter((event) => {
      // An id that is a mere time does not tell two events apart.
      const repeated = event.id !== event.ts && this.#known.get(event.id) === event.line;
      if (repeated) return false;
      const last = this.#newest;
      this.#newest =
        last?.id === event.id
          ? { ...last, repeat: last.repeat + 1 }
          : { id: event.id, ts: event.ts, repeat: 1, before: last?.id ?? null };
      this.#remember(event);
      return true;
    });
  }

  #remember({ id, line }: PodEvent): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= maxKnown) this.#known.delete(oldest);
    this.#known.set(id, line);
  }
}
