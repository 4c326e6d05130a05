/** Lets one reader sleep until it is woken. Several calls of `wake` before `next` count as one; none is missed. */
export class Wakeup {
  #woken = false;
  #resolve: (() => void) | null = null;

  wake(): void {
    this.#woken = true;
    this.#resolve?.();
  }

  /** Resolves at the first `wake` since the last call, or when the signal is aborted. */
  next(signal?: AbortSignal): Promise<void> {
    if (this.#woken || signal?.aborted) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done);
        this.#resolve = null;
        this.#woken = false;
        resolve();
      };
      signal?.addEventListener('abort', done, { once: true });
      this.#resolve = done;
    });
  }
}
