/**
 * An async iterable whose `return()` works at once, even while its source waits: the signal that
 * `start` gets is aborted first, then the source is asked to end. A plain async generator that is
 * parked on an `await` would not hear of its reader's leaving. `next()` calls are answered in order.
 */
export function abortable<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
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
