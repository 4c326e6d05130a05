import type { ExecutionResult } from 'graphql';
import { pulled } from '../../lib/async/pulled.ts';

/**
 * Hands an operation's results to `send` one by one, each when the one before has left. What it returns is for
 * graphql-ws, which begins and ends operations: it gives no result, and ends after the last one. graphql-ws itself
 * would build each message anew for each client.
 */
export function delivered(
  results: AsyncIterable<ExecutionResult> | ExecutionResult,
  send: (result: ExecutionResult) => Promise<void>,
): AsyncGenerator<ExecutionResult, void, undefined> {
  const source = (Symbol.asyncIterator in results ? results : once(results))[
    Symbol.asyncIterator
  ]();
  return pulled<ExecutionResult>({
    async next() {
      for (;;) {
        const result = await source.next();
        if (result.done) return { done: true, value: undefined };
        await send(result.value);
      }
    },
    return: async () => source.return?.(),
  });
}

async function* once(result: ExecutionResult): AsyncGenerator<ExecutionResult, void, void> {
  yield result;
}
