/** The reason of a call that was given up because the server took too long. */
export class TooSlow extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooSlow';
  }
}

/**
 * A signal that is aborted together with the one it follows, or with `TooSlow` when the time that was set last is
 * over. Whoever creates it must dispose of it: that ends its timer and its listener, and aborts nothing.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #followed: AbortSignal;
  readonly #follow = () => this.#controller.abort(this.#followed.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(followed: AbortSignal) {
    this.#followed = followed;
    if (followed.aborted) this.#follow();
    else followed.addEventListener('abort', this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the clock, in place of any time that was set before. */
  set(ms: number, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(new TooSlow(message)), ms);
  }

  /** Stops the clock until the next `set`. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Settles as the promise does, or rejects as soon as the signal is aborted. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#followed.removeEventListener('abort', this.#follow);
  }
}
