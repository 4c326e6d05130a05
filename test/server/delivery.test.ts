import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { delivered } from '../../src/server/sockets/delivery.ts';

test('sends a result only when the one before has left, and gives the protocol none', async () => {
  const left: (() => void)[] = [];
  const sent: unknown[] = [];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const events = delivered(numbers(2), ({ data }) => {
    begun[sent.length]?.resolve();
    sent.push(data);
    return new Promise((resolve) => left.push(resolve));
  });
  const given = events.next();
  await begun[0]?.promise;
  expect(sent).toEqual([{ n: 0 }]);
  left[0]?.();
  await begun[1]?.promise;
  expect(sent).toEqual([{ n: 0 }, { n: 1 }]);
  left[1]?.();
  expect(await given).toEqual({ done: true, value: undefined });
});

test('a client that leaves ends the source', async () => {
  let isEnded = false;
  async function* source() {
    try {
      yield* numbers(1);
    } finally {
      isEnded = true;
    }
  }
  const results = source();
  const events = delivered(results, async () => void (await events.return()));
  await events.next();
  expect(isEnded).toBe(true);
});

test('an error of the source is thrown to the protocol, which tells the client', async () => {
  async function* failing(): AsyncGenerator<ExecutionResult> {
    yield { data: null };
    throw new Error('it broke');
  }
  const sent: unknown[] = [];
  const events = delivered(failing(), async (result) => void sent.push(result));
  await expect(events.next()).rejects.toThrow('it broke');
  expect(sent).toEqual([{ data: null }]);
});

async function* numbers(count: number): AsyncGenerator<ExecutionResult, void, void> {
  for (let n = 0; n < count; n += 1) yield { data: { n } };
}
