import { TrainyardError } from '../../core/errors.ts';
import { maxPageChars } from '../../core/log.ts';

/** The most text of pages that all operations under way hold together, in UTF-16 units; as texts and as answers 400 MB at worst. */
const maxCharsTogether = 48 * 1024 * 1024;
/** How soon there is room again: an operation holds its pages for as long as it is worked on. */
const retryAfterMs = 1000;

/** What the pages of all operations under way take. */
export class PagePool {
  #chars = 0;

  /** How much text is held now, in UTF-16 units. */
  get chars(): number {
    return this.#chars;
  }

  /** Throws `RATE_LIMITED` where all others have taken the room already. */
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

  /** What the next page may hold, in UTF-16 units; one line comes anyway. */
  get left(): number {
    return Math.max(0, maxPageChars - this.#chars);
  }

  take(chars: number): void {
    this.#pool.take(chars);
    this.#chars += chars;
  }

  /** To be called when the operation is answered. */
  release(): void {
    this.#pool.release(this.#chars);
    this.#chars = 0;
  }
}
