import { recent } from '../../../lib/recent.ts';
import { timeOf } from '../api/wire.ts';
import type { Newest } from './cursor.ts';

/** One line of a pod's log. */
export interface PodLine {
  /** Opaque: it may be unique, or no more than a time. */
  id: string | null;
  /** Null for a line that came without: it cannot be looked for where a stream is resumed. */
  ts: string | null;
  source: string;
  line: string;
}

/** An event without a line, which keeps a stream alive. */
interface Keepalive {
  id: string | null;
  line: null;
}

export type PodEvent = PodLine | Keepalive;

/** Lines that are new, and whether events before them are lost. */
export interface Fresh {
  events: readonly PodLine[];
  hole: boolean;
}

/** So many events of a resumed stream may come before the newest one that was read. */
const maxHeld = 20_000;

/**
 * Lets each event of a log through once, though streams are cut and resumed. A resumed stream is asked
 * for so that it begins at or before the newest event that was read: what comes until that one was
 * read before. Where it does not come, events between may be lost.
 */
export class Rejoin {
  /** The last events' lines by their ids: one that is sent twice is known again. */
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

  /** The id of a later event that is no line with a time, such as a keepalive: a stream may begin right after it. */
  get kept(): string | null {
    return this.#kept;
  }

  /** The newest event that was let through. */
  get newest(): Newest | null {
    return this.#newest;
  }

  /** A stream was opened again; `isExact` where it begins right after `kept`, so that the newest event need not come again. */
  resume({ isExact = false } = {}): void {
    this.#held = this.#newest === null ? null : [];
    this.#isExact = isExact;
    this.#seen = 0;
  }

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

  /** Nothing has come for a while: what is held back is all that there is. */
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

  /** The newest event did not come. What is older than it was read before all the same. */
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
      // An id that is a mere time does not tell two events apart.
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

  /** Where ids are mere times, more events may come with that of the newest one. */
  #keep(id: string | null): void {
    if (id && id !== this.#newest?.id) this.#kept = id;
  }

  #remember(id: string, line: string): void {
    this.#known.set(id, line);
  }
}
