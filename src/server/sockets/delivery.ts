import type { ExecutionResult } from 'graphql';

/**
 * Hands an operation's results to `send` one by one, each when the one before has left. What it returns is for
 * graphql-ws, which begins and ends operations: it gives no result, and ends after the last one. graphql-ws itself
 * would build each message anew for each client.
 */
export function delivered(
  results: AsyncIterable<ExecutionResult> | ExecutionResult,
  send: (result: ExecutionResult) => Promise<void>,
): AsyncGenerator<ExecutionResult, void, void> {
  const source = (Symbol.asyncIterator in results ? results : once(results))[
    Symbol.asyncIterator
  ]();
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    await source.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      for (;;) {
        const result = await source.next();
        if (result.done) return { done: true, value: undefined };
        await send(result.value);
      }
    },
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

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield result;
}
