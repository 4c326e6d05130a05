import type { LogEntriesFragment } from '@trainyard/client';
import { lettersOf } from '../../lines/redraw/likeness.ts';
import { visible } from '../screen/visible.ts';

type Entry = LogEntriesFragment['entries'][number];

/** The most bars that are shown at once. */
const maxBars = 4;
/** A bar that was not drawn for so long while others were is gone, such as one that was wiped. */
const staleMs = 10_000;

/** The progress bars that a followed job is drawing. */
export class LiveBars {
  /** The newest state of each bar, by its letters: its numbers change. */
  readonly #bars = new Map<string, Entry>();

  /** Takes the states that are to be drawn in place, and returns all other lines. */
  take(entries: readonly Entry[]): Entry[] {
    return entries.filter((entry) => {
      if (entry.progress === null) return true;
      const key = lettersOf(entry.text);
      if (entry.progress === 'LAST') this.#bars.delete(key);
      else this.#set(key, entry);
      return entry.progress === 'LAST';
    });
  }

  /** The bars as they are now, each at most so many characters. */
  rows(columns: number): string[] {
    return [...this.#bars.values()].map(({ text }) =>
      visible(text, { colours: false }).slice(0, columns),
    );
  }

  #set(key: string, entry: Entry): void {
    this.#bars.set(key, entry);
    const now = Date.parse(entry.time);
    for (const [other, { time }] of this.#bars) {
      if (now - Date.parse(time) > staleMs) this.#bars.delete(other);
    }
    for (const other of this.#bars.keys().take(Math.max(0, this.#bars.size - maxBars))) {
      this.#bars.delete(other);
    }
  }
}
