/** A source of values, such as a generator, that gives them one by one and can be ended. */
export interface Source<T> {
  next(): Promise<IteratorResult<T, void>>;
  return(): Promise<unknown>;
}

/**
 * An async iterable whose `return()` works at once, even while its source waits: it aborts the signal that
 * `start` was given, then asks the source to end. A plain async generator that waits in an `await` would not
 * notice that its reader has left. `next()` calls are answered in order.
 */
export function abortable<T>(
  start: (signal: AbortSignal) => Source<T>,
): AsyncGenerator<T, void, undefined> {
  const controller = new AbortController();
  const source = start(controller.signal);
  const end = async (): Promise<IteratorResult<T, void>> => {
    controller.abort();
    await source.return();
    return { done: true, value: undefined };
  };
  return {
    next: () => source.next(),
    return: end,
    throw: async (error: unknown) => {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
