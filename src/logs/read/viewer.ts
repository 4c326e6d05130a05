import { Wakeup } from '../../lib/async/wakeup.ts';
import type { Pace } from './pace.ts';
import { joinPages, type LogPage } from './page.ts';

export interface ViewerOptions {
  offset: number;
  pace: Pace;
  /** Aborted when the viewer leaves. */
  signal: AbortSignal;
  /** The page that begins at this line, as it is now. */
  read(offset: number): Promise<LogPage> | LogPage;
  /** Called once, when the viewer has left or seen everything. */
  left(): void;
}

/**
 * One viewer of a log that is being followed: reads a page when it is asked for the next one and the
 * pace of its connection allows, and sleeps where there is none. Not a generator: that would keep the
 * page it gave last for as long as it waits.
 */
export class LogViewer {
  readonly #options: ViewerOptions;
  readonly #wakeup = new Wakeup();
  #offset: number;
  #hasMore = true;
  #isFresh = true;
  #isOver = false;
  #hasEntered = false;
  /** Pages in which a filter found nothing, as one. */
  #skipped: LogPage | null = null;
  #pending: Promise<LogPage | null> = Promise.resolve(null);

  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#offset = options.offset;
    options.signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
  }

  /** There may be more. */
  wake(): void {
    this.#wakeup.wake();
  }

  async next(): Promise<IteratorResult<LogPage, void>> {
    // Whoever asks for the next page has taken the last one.
    this.#leavePace();
    if (this.#isOver) return { done: true, value: undefined };
    this.#pending = this.#nextPage();
    try {
      const page = await this.#pending;
      if (page) return { done: false, value: page };
    } catch (error) {
      this.#end();
      // A search that was given up, for example: nobody is there to be told.
      if (!this.#options.signal.aborted) throw error;
    }
    this.#end();
    return { done: true, value: undefined };
  }

  /** Resolves when nothing is under way any more; to be called when the signal is aborted. */
  async return(): Promise<void> {
    await this.#pending.catch(() => {});
    this.#end();
  }

  async #nextPage(): Promise<LogPage | null> {
    const { pace, signal } = this.#options;
    while (!signal.aborted) {
      if (!this.#hasMore) await this.#wakeup.next();
      if (signal.aborted || !(await pace.enter(signal))) break;
      this.#hasEntered = true;
      const page = await this.#read();
      if (signal.aborted) break;
      if (page) return page;
      this.#leavePace();
    }
    return null;
  }

  /** Null where there is nothing to tell yet. */
  async #read(): Promise<LogPage | null> {
    const read = await this.#options.read(this.#offset);
    const page = this.#skipped ? joinPages(this.#skipped, read) : read;
    const isTold = this.#isFresh || page.lines.length > 0 || page.complete;
    this.#skipped = !isTold && page.nextOffset > page.offset ? page : null;
    this.#offset = page.nextOffset;
    this.#hasMore = page.hasMore;
    if (!isTold) return null;
    this.#isFresh = false;
    // Nothing follows a page that says so.
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
