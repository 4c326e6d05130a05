/** What gives values one by one, and can be ended: such as a generator. */
export interface Source<T> {
  next(): Promise<IteratorResult<T, void>>;
  return(): Promise<unknown>;
}

/**
 * An async iterable whose `return()` works at once, even while its source waits: the signal that
 * `start` gets is aborted first, then the source is asked to end. A plain async generator that is
 * parked on an `await` would not hear of its reader's leaving. `next()` calls are answered in order.
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
