import { setImmediate as nextLoop } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TurnKind, Turns } from '../../src/lib/async/turns.ts';

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

/** Asks in the name of each, all in one go, and resolves to the order in which they were served. */
async function orderOf(
  turns: Turns,
  asks: { name: string; who: object; kind?: TurnKind; expectedMs?: number; takesMs?: number }[],
): Promise<string[]> {
  const order: string[] = [];
  await Promise.all(
    asks.map(async ({ name, who, kind = 'question', expectedMs = 0, takesMs = 1 }) => {
      await turns.next(who, kind, expectedMs);
      order.push(name);
      work(takesMs);
    }),
  );
  return order;
}

test('a hundred asks of one caller delay another by one of them', async () => {
  const turns = new Turns();
  const greedy = {};
  const asks = Array.from({ length: 100 }, () => ({ name: 'greedy', who: greedy }));
  const order = await orderOf(turns, [...asks, { name: 'other', who: {} }]);
  expect(order.indexOf('other')).toBeLessThanOrEqual(2);
});

test('a question does not wait for the pages and streams of hundreds', async () => {
  const turns = new Turns();
  const many = (kind: TurnKind) =>
    Array.from({ length: 200 }, () => ({ name: kind, who: {}, kind, takesMs: 5 }));
  const asked = { name: 'asked', who: {} };
  const order = await orderOf(turns, [...many('page'), ...many('stream'), asked]);
  expect(order.indexOf('asked')).toBeLessThanOrEqual(2);
});

test('questions, pages and streams all go on while the others want more', async () => {
  const turns = new Turns();
  const kinds: TurnKind[] = ['question', 'page', 'stream'];
  const usedMs: Record<TurnKind, number> = { question: 0, page: 0, stream: 0 };
  const endMs = clockMs + 1200;
  let over = false;
  const greedy = kinds.map(async (kind) => {
    const who = {};
    while (!over) {
      await turns.next(who, kind);
      work(3);
      usedMs[kind] += 3;
      over = clockMs > endMs;
    }
  });
  await Promise.all(greedy);
  const total = usedMs.question + usedMs.page + usedMs.stream;
  expect(usedMs.page / total).toBeGreaterThan(0.12);
  expect(usedMs.stream / total).toBeGreaterThan(0.12);
  expect(usedMs.question / total).toBeGreaterThan(0.5);
});

test('one who asks for little goes before those who ask for much', async () => {
  const turns = new Turns();
  const large = Array.from({ length: 20 }, () => ({ name: 'large', who: {}, expectedMs: 30 }));
  const order = await orderOf(turns, [...large, { name: 'small', who: {}, expectedMs: 0.1 }]);
  expect(order.indexOf('small')).toBeLessThanOrEqual(1);
});

test.each([
  ['asks for much', { usedMs: 0, expectedMs: 25 }],
  ['has used much', { usedMs: 25, expectedMs: 0 }],
])('one who %s has its turn, though newcomers never end', async (_, { usedMs, expectedMs }) => {
  const turns = new Turns();
  const who = {};
  let isServed = false;
  let newcomers = 0;
  const keepComing = async () => {
    while (!isServed && newcomers < 2000) {
      newcomers += 1;
      await turns.next({}, 'page', 1);
      work(1);
    }
  };
  const first = usedMs === 0 ? null : turns.next(who, 'page').then(() => work(usedMs));
  const coming = [keepComing(), keepComing(), keepComing()];
  await first;
  await turns.next(who, 'page', expectedMs);
  const before = newcomers;
  isServed = true;
  await Promise.all(coming);
  // A fair share of four is 100 ms; it waits no longer than for twice as much, and 100.
  expect(before).toBeLessThan(340);
});

test('one who has used much while nobody waited owes nothing to newcomers', async () => {
  const turns = new Turns();
  const old = {};
  for (let asked = 0; asked < 50; asked += 1) {
    await turns.next(old, 'question');
    work(5);
    await nextLoop();
  }
  const newcomers = Array.from({ length: 50 }, () => ({ name: 'new', who: {} }));
  const order = await orderOf(turns, [
    { name: 'first', who: {} },
    { name: 'old', who: old },
    ...newcomers,
  ]);
  expect(order.indexOf('old')).toBe(1);
});

test('rests while connections come, one a round, but not for longer than a slice', async () => {
  const turns = new Turns();
  let done = 0;
  const all = Promise.all(
    Array.from({ length: 10 }, async () => {
      await turns.next({}, 'stream');
      work(8);
      done += 1;
    }),
  );
  while (done < 2) await nextLoop();
  const before = done;
  for (let come = 0; come < 50; come += 1) {
    turns.letIn();
    work(0.1);
    await nextLoop();
  }
  expect(done - before).toBeLessThanOrEqual(1);
  for (let come = 0; come < 100; come += 1) {
    turns.letIn();
    work(1);
    await nextLoop();
  }
  expect(done - before).toBeGreaterThanOrEqual(5);
  await all;
});
