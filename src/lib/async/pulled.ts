/** A source of values, such as a generator, that gives them one by one and can be ended. */
export interface Source<T> {
  next(): Promise<IteratorResult<T, void>>;
  /** Ends it; called again, it does nothing. */
  return(): Promise<unknown>;
}

/** A source as an async generator: leaving a loop, `throw()` and `await using` all end it at once. */
export function pulled<T>(source: Source<T>): AsyncGenerator<T, void, undefined> {
  const end = async (): Promise<IteratorResult<T, void>> => {
    await source.return();
    return { done: true, value: undefined };
  };
  return {
    next: () => source.next(),
    return: end,
    async throw(error: unknown) {
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
