import type { LogEntriesFragment } from '@trainyard/client';
import type { Line, Rows } from './rows.ts';

/** How many lines are fetched at a time. */
const pageLines = 1_000;
/** The most lines that are kept, from the first one on. */
const maxLines = 50_000;

type Fetch = (offset: number, limit: number) => Promise<LogEntriesFragment>;

/** The lines of a log that pass a filter, from the first one on: more come as one scrolls towards the end. */
export class FilteredLines implements Rows {
  complete = false;
  /** How many lines the whole log has. */
  of = 0;
  /** Lines up to here were looked at. */
  searched = 0;
  readonly #lines: Line[] = [];
  readonly #fetch: Fetch;
  readonly #changed: () => void;
  #asked: Promise<void> | null = null;
  #next = 0;
  #hasMore = true;

  constructor(fetch: Fetch, changed: () => void) {
    this.#fetch = fetch;
    this.#changed = changed;
  }

  get total(): number {
    return this.#lines.length;
  }

  get end(): number {
    return this.#lines.length;
  }

  /** There may be lines that pass behind those that are here. */
  get hasMore(): boolean {
    return this.#hasMore || !this.complete;
  }

  /** So many pass that the rest is not shown. */
  get isFull(): boolean {
    return this.#lines.length >= maxLines;
  }

  row(index: number): Line | undefined {
    return this.#lines[index];
  }

  lineOf(index: number): number | undefined {
    return this.#lines[index]?.offset;
  }

  indexOf(line: number): number {
    const index = this.#lines.findIndex(({ offset }) => offset >= line);
    return index === -1 ? this.#lines.length : index;
  }

  gapBefore(): string {
    return '';
  }

  /** Reads on where the rows up to `to` are not here yet. */
  async want(_from: number, to: number): Promise<void> {
    while (this.#hasMore && !this.isFull && to + pageLines / 2 > this.#lines.length) {
      this.#asked ??= this.#more().finally(() => {
        this.#asked = null;
      });
      await this.#asked;
    }
  }

  /** The log has grown: what came is looked at, too. */
  grow(total: number, isComplete: boolean): void {
    if (total > this.#next) this.#hasMore = true;
    if (isComplete && !this.#hasMore) this.complete = true;
    void this.want(0, this.#lines.length).catch(() => {});
  }

  async #more(): Promise<void> {
    const page = await this.#fetch(this.#next, pageLines);
    for (const entry of page.entries) if (entry.offset < page.total) this.#lines.push(entry);
    this.#next = page.nextOffset;
    this.searched = page.nextOffset;
    this.of = page.total;
    this.#hasMore = page.hasMore;
    this.complete = page.complete && !page.hasMore;
    this.#changed();
  }
}
