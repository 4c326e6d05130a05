import type { LogFilter } from '@trainyard/client';
import { compileFilter } from '../../logs/read/filter.ts';
import type { Entry } from './pages.ts';

/** Which lines are found among all that there are, and how many to show around each. */
export interface Matching {
  match: Pick<LogFilter, 'regex' | 'minLevel'>;
  before: number;
  after: number;
}

/** A line to print; `apart` where some lines between it and the one printed before are left out. */
export type ShownEntry = Entry & { apart?: boolean };

/** Picks from lines, which it takes in order, those that match and some around each, as grep does. */
export class ContextLines {
  readonly #options: Matching;
  readonly #matches: (text: string) => boolean;
  /** The last lines that were not shown; one more than are wanted before a match tells that there are others. */
  #held: Entry[] = [];
  #afterLeft = 0;
  #hasShown = false;
  #next = 0;

  constructor(options: Matching) {
    this.#options = options;
    const matcher = compileFilter(options.match);
    this.#matches = (text) => matcher?.text(text) ?? true;
  }

  /** The offset behind the last line that was taken. */
  get next(): number {
    return this.#next;
  }

  take(entries: readonly Entry[]): ShownEntry[] {
    const shown: ShownEntry[] = [];
    for (const entry of entries) {
      if (entry.offset < this.#next) continue;
      this.#next = entry.offset + 1;
      if (this.#matches(entry.text)) shown.push(...this.#found(entry));
      else if (this.#afterLeft > 0) {
        this.#afterLeft -= 1;
        shown.push(entry);
      } else this.#hold(entry);
    }
    return shown;
  }

  /** A match behind the lines that belong before it. */
  #found(entry: Entry): ShownEntry[] {
    const { before, after } = this.#options;
    const apart = this.#hasShown && this.#held.length > before;
    const [first = entry, ...others] = [...(before === 0 ? [] : this.#held.slice(-before)), entry];
    this.#held = [];
    this.#hasShown = true;
    this.#afterLeft = after;
    return [apart ? { ...first, apart } : first, ...others];
  }

  #hold(entry: Entry): void {
    this.#held.push(entry);
    if (this.#held.length > this.#options.before + 1) this.#held.shift();
  }
}
