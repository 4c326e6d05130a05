import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import { usualTimes } from '../../../src/providers/runpod/times.ts';
import { linesEvent, openEventServer } from '../../support/dialects/event-server.ts';
import { openQueueingServer } from '../../support/dialects/queueing-server.ts';
import { Follower, refOf } from '../follow.ts';

const { signal } = new AbortController();
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  // Sockets are real; what waits for a time waits until the test says that it is over.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await stack.disposeAsync();
});

const open = (url: string) =>
  stack.adopt(openLocalProvider({ name: 'box', url, apiKey: null, recipes: null }), (it) =>
    it.close(),
  );

/** Lets time pass, a millisecond before `ms` and at it; resolves to whether the promise settled at once then. */
async function settlesAt(ms: number, promise: Promise<unknown>): Promise<boolean[]> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  const seen: boolean[] = [];
  for (const step of [ms - 1, 1]) {
    vi.advanceTimersByTime(step);
    for (let turns = 0; turns < 20; turns += 1) await nextTurn();
    seen.push(settled);
  }
  return seen;
}

test('a provider that does not answer has ten seconds, if not told otherwise', async () => {
  const box = await openQueueingServer();
  stack.defer(() => box.server.close());
  box.server.fail({ on: /status/, act: 'hang' });
  const reports = Array.fromAsync(open(box.server.url).status([refOf('job-a')], signal));
  // `expect.poll` would let time pass.
  while (box.server.calls.length === 0) await nextTurn();
  expect(await settlesAt(10_000, reports)).toEqual([false, true]);
  expect(await reports).toMatchObject([
    { error: { message: expect.stringContaining('no answer within 10 s') } },
  ]);
  expect(usualTimes).toMatchObject({ headersMs: 10_000, createMs: 60_000 });
});

test('a log stream that falls silent has forty-five seconds, three heartbeats, if not told otherwise', async () => {
  const { server } = await openEventServer({ streams: [[linesEvent(0, ['a'])]] });
  stack.defer(() => server.close());
  const follower = new Follower(open(server.url).followLogs(refOf('job-a'), null, signal));
  await follower.reach(1);
  expect(await settlesAt(45_000, follower.done)).toEqual([false, true]);
  await expect(follower.done).rejects.toThrow('silent for 45 s');
  expect(usualTimes).toMatchObject({ silenceMs: 45_000 });
});
