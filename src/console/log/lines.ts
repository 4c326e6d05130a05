import type { LogEntriesFragment } from '@trainyard/client';
import type { Line, Rows } from './rows.ts';

/** How many lines are fetched at a time. */
const pageLines = 500;
/** The most pages that are kept: those that were looked at last. */
const maxPages = 80;

type Fetch = (offset: number, limit: number) => Promise<LogEntriesFragment>;

/** The lines of one log: what was looked at last is kept, and what is asked for is fetched once. */
export class LogLines implements Rows {
  total = 0;
  end = 0;
  complete = false;
  /** Why lines may be missing, as the last page says. */
  notice: LogEntriesFragment['notice'] = null;
  readonly #pages = new Map<number, (Line | undefined)[]>();
  readonly #asked = new Map<number, Promise<void>>();
  readonly #gaps = new Map<number, string>();
  readonly #fetch: Fetch;
  readonly #changed: () => void;

  constructor(fetch: Fetch, changed: () => void) {
    this.#fetch = fetch;
    this.#changed = changed;
  }

  row(index: number): Line | undefined {
    return this.#pages.get(Math.floor(index / pageLines))?.[index % pageLines];
  }

  lineOf(index: number): number {
    return index;
  }

  indexOf(line: number): number {
    return line;
  }

  gapBefore(index: number): string {
    return this.#gaps.get(index) ?? '';
  }

  /** Takes in a page, however it came. */
  put(page: LogEntriesFragment): void {
    for (const entry of page.entries) {
      // A line that still grows comes again, with this number, when it has ended.
      if (entry.offset >= page.total) continue;
      const number = Math.floor(entry.offset / pageLines);
      const lines = this.#pages.get(number) ?? [];
      lines[entry.offset % pageLines] = entry;
      this.#pages.set(number, lines);
    }
    for (const { offset, reason } of page.gaps) this.#gaps.set(offset, reason);
    this.total = Math.max(this.total, page.total);
    this.end = Math.max(this.end, page.nextOffset);
    this.complete ||= page.complete;
    this.notice = page.notice;
    this.#trim();
    this.#changed();
  }

  /** Takes note that the log has become longer. */
  grow(total: number, complete: boolean): void {
    this.total = Math.max(this.total, total);
    this.complete ||= complete;
    this.#changed();
  }

  want(from: number, to: number): Promise<unknown> {
    const last = Math.max(from, Math.min(to, this.total) - 1);
    const waits: Promise<void>[] = [];
    for (let number = Math.floor(from / pageLines); number * pageLines <= last; number += 1) {
      if (this.#isHere(number, from, Math.min(to, this.total))) continue;
      waits.push(this.#ask(number));
    }
    return Promise.all(waits);
  }

  #isHere(number: number, from: number, to: number): boolean {
    const lines = this.#pages.get(number);
    if (!lines) return to <= from;
    // What is used goes last.
    this.#pages.delete(number);
    this.#pages.set(number, lines);
    const first = Math.max(from, number * pageLines);
    const behind = Math.min(to, (number + 1) * pageLines);
    for (let at = first; at < behind; at += 1) if (!lines[at % pageLines]) return false;
    return true;
  }

  #ask(number: number): Promise<void> {
    const asked =
      this.#asked.get(number) ??
      this.#fetch(number * pageLines, pageLines)
        .then((page) => this.put(page))
        .finally(() => this.#asked.delete(number));
    this.#asked.set(number, asked);
    return asked;
  }

  #trim(): void {
    for (const number of this.#pages.keys()) {
      if (this.#pages.size <= maxPages) return;
      this.#pages.delete(number);
    }
  }
}
