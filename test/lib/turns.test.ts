import { setImmediate as nextLoop } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Turns } from '../../src/lib/async/turns.ts';

let clockMs = 0;
beforeEach(() => {
  vi.spyOn(performance, 'now').mockImplementation(() => clockMs);
});
afterEach(() => vi.restoreAllMocks());

/** As if the thread were busy for so long. */
function work(ms: number): void {
  clockMs += ms;
}

test('lets the event loop go round between pieces that together take longer than a slice', async () => {
  const turns = new Turns();
  let done = 0;
  const all = Promise.all(
    Array.from({ length: 20 }, async () => {
      await turns.next({}, 'stream');
      work(5);
      done += 1;
    }),
  );
  const doneAtRounds: number[] = [];
  while (done < 20) {
    await nextLoop();
    doneAtRounds.push(done);
  }
  await all;
  const steps = doneAtRounds.map((now, round) => now - (doneAtRounds[round - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(4);
});

test('serves whoever has used least first, and one who comes new before all who go on', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const greedy = Array.from({ length: 5 }, () => ({}));
  const goOn = async (who: object, rounds: number) => {
    for (let round = 0; round < rounds; round += 1) {
      await turns.next(who, 'stream');
      order.push('greedy');
      work(9);
    }
  };
  const all = greedy.map((who) => goOn(who, 6));
  while (order.length < 12) await nextLoop();
  const before = order.length;
  await turns.next({}, 'question');
  order.push('question');
  expect(order.indexOf('question') - before).toBeLessThanOrEqual(1);
  await Promise.all(all);
});

test('shares the thread evenly among those who always want more', async () => {
  const turns = new Turns();
  const counts = [0, 0, 0];
  let over = false;
  const greedy = counts.map(async (_count, index) => {
    const who = {};
    while (!over) {
      await turns.next(who, 'stream');
      work(1 + index);
      counts[index] = (counts[index] ?? 0) + 1 + index;
      over = counts.reduce((sum, each) => sum + each) > 300;
    }
  });
  await Promise.all(greedy);
  expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.2);
});

test('runs one piece at a time, though many are asked for in one go', async () => {
  const turns = new Turns();
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 3 }, async (_, index) => {
      await turns.next({}, 'question');
      for (let step = 0; step < 20; step += 1) {
        order.push(index);
        await null;
      }
    }),
  );
  expect(order).toEqual([...Array(20).fill(0), ...Array(20).fill(1), ...Array(20).fill(2)]);
});
