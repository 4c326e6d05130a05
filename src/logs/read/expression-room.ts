import { TrainyardError } from '../../core/errors.ts';

/** The most of all expressions that open streams keep compiled, in instructions of a hundred bytes each: 64 MB. */
const maxTogether = 640_000;
/** A smaller one is never refused: the number of streams bounds these, to 80 MB. */
const maxSmall = 40;

/** Bounds what the compiled expressions of open streams take together. */
export class ExpressionRoom {
  readonly #most: number;
  #size = 0;

  constructor(options: { most?: number } = {}) {
    this.#most = options.most ?? maxTogether;
  }

  /** Counts an expression of this size until the returned function is called. Throws `RATE_LIMITED` where there is no room. */
  hold(size: number): () => void {
    if (size > maxSmall && this.#size + size > this.#most) {
      throw new TrainyardError(
        'RATE_LIMITED',
        'The streams that are open have too large expressions together. Try again later, or with a smaller expression.',
        { retryAfterMs: 10_000 },
      );
    }
    this.#size += size;
    let isHeld = true;
    return () => {
      if (isHeld) this.#size -= size;
      isHeld = false;
    };
  }
}
