import { expect, test } from 'vitest';
import { Unsent } from '../../src/server/connections/unsent.ts';

const until = async (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end) await null;
};

test('lets go of whoever has kept most for longest, and of nobody while there is room', async () => {
  const unsent = new Unsent({ maxBytes: 1000 });
  const dropped: string[] = [];
  const hold = (name: string, bytes: number) =>
    unsent.hold({ bytes, drop: () => dropped.push(name) });
  hold('small and slow', 10);
  hold('large and slow', 500);
  await until(5);
  const takes = hold('large and quick', 490);
  expect([dropped, unsent.bytes]).toEqual([[], 1000]);
  takes();
  hold('next', 400);
  hold('one too many', 300);
  expect([dropped, unsent.bytes]).toEqual([['large and slow'], 710]);
});

test('counts what many are sent once, until the last of them has it', () => {
  const unsent = new Unsent({ maxBytes: 1000 });
  const shared = {};
  const drop = () => {
    throw new Error('nobody is to be let go');
  };
  const holds = Array.from({ length: 100 }, () => unsent.hold({ bytes: 900, shared, drop }));
  expect(unsent.bytes).toBe(900);
  const last = holds.pop();
  for (const release of holds) {
    release();
    release();
  }
  expect(unsent.bytes).toBe(900);
  last?.();
  expect(unsent.bytes).toBe(0);
});
