import { recent } from '../../../lib/recent.ts';
import { timeOf } from '../api/wire.ts';
import type { Newest } from './cursor.ts';

/** One line of a pod's log. */
export interface PodLine {
  /** Opaque. It may be unique, or no more than a time. */
  id: string | null;
  /** The line's time; null for a line without one, which cannot be found again in a resumed stream. */
  ts: string | null;
  source: string;
  line: string;
}

/** An event without a line. */
interface Keepalive {
  id: string | null;
  line: null;
}

export type PodEvent = PodLine | Keepalive;

/** New lines. */
export interface Fresh {
  events: readonly PodLine[];
  /** True where events before these may be lost. */
  hole: boolean;
}

/** The most events that are held back while a resumed stream has not reached the newest event that was read. */
const maxHeld = 20_000;

/**
 * Lets each event of a log through once, although streams are cut and resumed. A resumed stream begins at or before
 * the newest event that was read, so everything up to that event was read before. If that event does not come,
 * events in between may be lost.
 */
export class Rejoin {
  /** The lines of the last events by their ids, to recognise an event that is sent twice. */
  readonly #known = recent<string>();
  #newest: Newest | null;
  #kept: string | null;
  #held: PodLine[] | null = null;
  #isExact = false;
  #seen = 0;

  constructor(newest: Newest | null, kept: string | null = null) {
    this.#newest = newest;
    this.#kept = kept;
  }

  /** The id of an event after the newest one that has no line or no time. A stream may begin right after it. */
  get kept(): string | null {
    return this.#kept;
  }

  /** The newest event that was let through. */
  get newest(): Newest | null {
    return this.#newest;
  }

  /**
   * Prepares for a stream that was opened again. `isExact` means that it begins right after `kept`, so that the newest
   * event need not come again.
   */
  resume({ isExact = false } = {}): void {
    this.#held = this.#newest === null ? null : [];
    this.#isExact = isExact;
    this.#seen = 0;
  }

  /** The new lines among these events, which came from the open stream. */
  take(events: readonly PodEvent[]): Fresh {
    for (const [at, event] of events.entries()) {
      if (this.#held === null) return { events: this.#pass(events.slice(at)), hole: false };
      if (event.line === null) continue;
      if (this.#isNewest(event)) this.#held = null;
      else if (this.#isAfter(event) || this.#held.length >= maxHeld) {
        return this.#giveUp(events.slice(at));
      } else this.#held.push(event);
    }
    return { events: [], hole: false };
  }

  /** Gives out what is held back, because nothing more has come for a while. */
  settle(): Fresh {
    return this.#held?.length ? this.#giveUp([]) : { events: [], hole: false };
  }

  #isNewest({ id, ts }: PodLine): boolean {
    if (ts === null || id !== this.#newest?.id) return false;
    this.#seen += 1;
    return this.#seen === this.#newest?.repeat;
  }

  #isAfter({ ts }: PodLine): boolean {
    return (timeOf(ts) ?? 0) > (timeOf(this.#newest?.ts) ?? 0);
  }

  /** Stops waiting for the newest event. Held events that are older than it were read before, and are dropped. */
  #giveUp(more: readonly PodEvent[]): Fresh {
    const newestTime = timeOf(this.#newest?.ts) ?? 0;
    const held = (this.#held ?? []).filter(
      ({ ts }) => ts === null || (timeOf(ts) ?? 0) >= newestTime,
    );
    this.#held = null;
    return { events: this.#pass([...held, ...more]), hole: !this.#isExact };
  }

  #pass(events: readonly PodEvent[]): PodLine[] {
    return events.filter((event): event is PodLine => {
      const { id } = event;
      if (event.line === null) {
        this.#keep(id);
        return false;
      }
      // An id that is only a time may belong to two different events.
      const repeated = id !== null && id !== event.ts && this.#known.get(id) === event.line;
      if (repeated) return false;
      if (event.ts === null || id === null) this.#keep(id);
      else this.#advance(id, event.ts);
      if (id !== null) this.#remember(id, event.line);
      return true;
    });
  }

  #advance(id: string, ts: string): void {
    const last = this.#newest;
    this.#kept = null;
    this.#newest =
      last?.id === id
        ? { ...last, repeat: last.repeat + 1 }
        : { id, ts, repeat: 1, before: last?.id ?? null };
  }

  /** Keeps an id, but never that of the newest event: an id that is only a time may come again. */
  #keep(id: string | null): void {
    if (id && id !== this.#newest?.id) this.#kept = id;
  }

  #remember(id: string, line: string): void {
    this.#known.set(id, line);
  }
}
