import { Wakeup } from '../../lib/async/wakeup.ts';
import type { Pace } from './pace.ts';
import { joinPages, type LogPage } from './page.ts';

export interface ViewerOptions {
  offset: number;
  pace: Pace;
  /** Aborted when the viewer leaves. */
  signal: AbortSignal;
  /** Reads the page that begins at this line, as it is now. */
  read(offset: number): Promise<LogPage> | LogPage;
  /** Called once, when the viewer has left or seen everything. */
  left(): void;
}

/**
 * One viewer of a followed log. It reads the next page when its reader asks for one and the pace of its
 * connection allows it, and sleeps where there is none. It is not a generator, which would keep its last page
 * in memory while it waits.
 */
export class LogViewer {
  readonly #options: ViewerOptions;
  readonly #wakeup = new Wakeup();
  #offset: number;
  #hasMore = true;
  #isFresh = true;
  #isOver = false;
  #hasEntered = false;
  /** The pages in which the filter found nothing since the last page that was given, joined into one. */
  #skipped: LogPage | null = null;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#offset = options.offset;
    options.signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
  }

  /** There may be more. */
  wake(): void {
    this.#wakeup.wake();
  }

  next(): Promise<IteratorResult<LogPage, void>> {
    // A reader that asks for the next page has taken the last one.
    this.#leavePace();
    const next = this.#next();
    this.#pending = next;
    return next;
  }

  /** Resolves when the last read has ended; the caller must have aborted the signal. */
  async return(): Promise<void> {
    await this.#pending.catch(() => {});
    this.#end();
  }

  /** One function, which waits only where it must: a thousand viewers come through here at each hint. */
  async #next(): Promise<IteratorResult<LogPage, void>> {
    const { pace, signal, read } = this.#options;
    try {
      while (!this.#isOver && !signal.aborted) {
        if (!this.#hasMore) await this.#wakeup.next();
        if (signal.aborted) break;
        const entered = pace.enter(signal);
        if (entered !== true && !(await entered)) break;
        this.#hasEntered = true;
        const page = this.#advance(await read(this.#offset));
        if (signal.aborted) break;
        if (page) return { done: false, value: page };
        this.#leavePace();
      }
    } catch (error) {
      this.#end();
      // After an abort, nobody is left to be told of the error, such as that of a search which was given up.
      if (!signal.aborted) throw error;
    }
    this.#end();
    return { done: true, value: undefined };
  }

  /** Goes on behind what was read, and returns what is to be shown of it; null where that is nothing yet. */
  #advance(read: LogPage): LogPage | null {
    const page = this.#skipped ? joinPages(this.#skipped, read) : read;
    const isTold = this.#isFresh || page.lines.length > 0 || page.complete;
    this.#skipped = !isTold && page.nextOffset > page.offset ? page : null;
    this.#offset = page.nextOffset;
    this.#hasMore = page.hasMore;
    if (!isTold) return null;
    this.#isFresh = false;
    // Nothing follows a complete page.
    if (page.complete) this.#leave();
    return page;
  }

  #end(): void {
    this.#leavePace();
    this.#leave();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.left();
  }

  #leavePace(): void {
    if (!this.#hasEntered) return;
    this.#hasEntered = false;
    this.#options.pace.leave();
  }
}
