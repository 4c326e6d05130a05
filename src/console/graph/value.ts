import { useSyncExternalStore } from 'react';

/** A value that others watch. */
export class Value<T> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get = (): T => this.#value;

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Calls at every change, until the function that it returns is called. */
  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };
}

/** The value now; renders again when it changes. */
export function useValue<T>(value: Value<T>): T {
  return useSyncExternalStore(value.watch, value.get);
}
