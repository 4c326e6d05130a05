/**
 * Tells the listeners of a key that there is more. A hint carries no data: a listener reads the store, which
 * is the truth.
 */
export class Hints<Key> {
  readonly #listeners = new Map<Key, Set<() => void>>();

  /** Calls `heard` at every hint for the key, until the returned function is called. */
  listen(key: Key, heard: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    const own = () => heard();
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) {
        this.#listeners.delete(key);
      }
    };
  }

  /** Whether somebody listens for the key. */
  has(key: Key): boolean {
    return this.#listeners.has(key);
  }

  give(key: Key): void {
    const listeners = this.#listeners.get(key);
    if (listeners) for (const heard of [...listeners]) heard();
  }
}
