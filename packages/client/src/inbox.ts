import { Wakeup } from '../../../src/lib/async/wakeup.ts';

export interface InboxOptions<Item> {
  /** The most that may wait, in the unit of `put`. */
  maxSize: number;
  /** Joins two items into one, so that a slow reader gets fewer and larger ones; null where they stay apart. */
  join(older: Item, newer: Item): Item | null;
}

/** Holds what is pushed until it is pulled, up to a bound. Items that wait are given out even after the end. */
export class Inbox<Item> {
  readonly #waiting: { item: Item; size: number }[] = [];
  readonly #options: InboxOptions<Item>;
  readonly #wakeup = new Wakeup();
  #size = 0;
  #end: { error: Error | null } | null = null;

  constructor(options: InboxOptions<Item>) {
    this.#options = options;
  }

  /** Adds an item. Returns false, and takes no more items, once more than `maxSize` waits. */
  put(item: Item, size: number): boolean {
    if (this.#end) return false;
    const last = this.#waiting.at(-1);
    const joined = last ? this.#options.join(last.item, item) : null;
    if (last && joined) {
      last.item = joined;
      last.size += size;
    } else {
      this.#waiting.push({ item, size });
    }
    this.#size += size;
    if (this.#size > this.#options.maxSize) this.end();
    this.#wakeup.wake();
    return !this.#end;
  }

  /** Takes no more items. An error is thrown to the reader after the last item. */
  end(error: Error | null = null): void {
    this.#end ??= { error };
    this.#wakeup.wake();
  }

  /** Yields the items in order, until the end or until the signal is aborted. */
  async *items(signal: AbortSignal): AsyncGenerator<Item, void, undefined> {
    while (!signal.aborted) {
      const first = this.#waiting.shift();
      if (first) {
        this.#size -= first.size;
        yield first.item;
      } else if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return;
      } else {
        await this.#wakeup.next(signal);
      }
    }
  }
}
