import { TrainyardError } from '../../core/errors.ts';
import { maxPageChars } from '../../core/log.ts';

/** The most text in the pages of all running operations, in UTF-16 units: as lines and as answers, it takes at most 400 MB. */
const maxCharsTogether = 48 * 1024 * 1024;
/** When a refused client should try again, in milliseconds: an operation holds its pages only until it is answered. */
const retryAfterMs = 1000;

/** Counts the text in the log pages of all running operations. */
export class PagePool {
  #chars = 0;

  /** How much text is held now, in UTF-16 units. */
  get chars(): number {
    return this.#chars;
  }

  /** Adds a page's text. Throws `RATE_LIMITED` where other operations have taken all the room. */
  take(chars: number): void {
    if (this.#chars > maxCharsTogether) {
      throw new TrainyardError(
        'RATE_LIMITED',
        'Too many log pages are being read at once. Ask again, or for fewer lines.',
        { retryAfterMs },
      );
    }
    this.#chars += chars;
  }

  release(chars: number): void {
    this.#chars -= chars;
  }
}

/** The room for all log pages of one operation: together they hold no more text than one page may. */
export class PageRoom {
  readonly #pool: PagePool;
  #chars = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
  }

  /** How much text the next page may hold, in UTF-16 units; a page holds at least one line in any case. */
  get left(): number {
    return Math.max(0, maxPageChars - this.#chars);
  }

  take(chars: number): void {
    this.#pool.take(chars);
    this.#chars += chars;
  }

  /** Gives the room back; the caller must call it when the operation is answered. */
  release(): void {
    this.#pool.release(this.#chars);
    this.#chars = 0;
  }
}
