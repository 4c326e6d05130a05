import type { Changes } from './changes.ts';
import { createClock, type Timestamp } from './timestamp.ts';

export const logSources = ['container', 'system'] as const;
export type LogSource = (typeof logSources)[number];

export interface LogEvent {
  id: string;
  ts: string;
  ns: bigint;
  source: LogSource;
  line: string;
}

/** A pod's log: numbered from 0, of which about the newest `maxLines` are kept. */
export class PodLog {
  readonly now = createClock();
  readonly #changes: Changes;
  readonly #maxLines: number;
  readonly #events: LogEvent[] = [];
  #first = 0;
  #closed = false;

  constructor(changes: Changes, maxLines: number) {
    this.#changes = changes;
    this.#maxLines = maxLines;
  }

  /** The position of the oldest line that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The position of the next line. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  /** No line will follow. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Adds lines that came at one moment, and therefore share one timestamp. */
  append(source: LogSource, lines: readonly string[], time: Timestamp = this.now()): void {
    if (lines.length === 0) return;
    for (const line of lines) {
      const id = `${time.text}/${String(this.end + 1).padStart(12, '0')}`;
      this.#events.push({ id, ts: time.text, ns: time.ns, source, line });
    }
    // In large steps, for each one copies the whole log.
    if (this.#events.length > this.#maxLines * 1.1) this.#forget(this.end - this.#maxLines);
    this.#changes.notify();
  }

  /** Up to `limit` lines from the position on. */
  read(from: number, limit = Number.POSITIVE_INFINITY): LogEvent[] {
    const start = Math.max(0, from - this.#first);
    return this.#events.slice(start, start + limit);
  }

  /** The position of the event with this id; null where no such id was ever given out, as far as is known. */
  positionOf(id: string): number | null {
    const position = Number(/\/(\d{12})$/.exec(id)?.[1] ?? 0) - 1;
    if (position < 0 || position >= this.end) return null;
    if (position < this.#first) return position;
    return this.#events[position - this.#first]?.id === id ? position : null;
  }

  /** Loses every line so far, as a host does that keeps logs for a short time. */
  forget(): void {
    this.#forget(this.end);
  }

  close(): void {
    this.#closed = true;
    this.#changes.notify();
  }

  #forget(before: number): void {
    this.#events.splice(0, before - this.#first);
    this.#first = before;
  }
}
