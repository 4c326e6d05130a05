import { expect, test } from 'vitest';
import { Backoff } from '../../src/lib/async/backoff.ts';

const ceilings = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000];

test('waits double up to the longest, and those who wait spread out', () => {
  const all = Array.from({ length: 200 }, () => {
    const backoff = new Backoff({ firstMs: 250, maxMs: 60_000 });
    return ceilings.map(() => backoff.nextMs());
  });
  for (const [attempt, ceiling] of ceilings.entries()) {
    const waits = all.map((one) => one[attempt] ?? Number.NaN);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(ceiling / 2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(ceiling);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(ceiling / 4);
  }
});

test('a success lets waits begin anew, and a thousand failures make none longer', () => {
  const backoff = new Backoff({ firstMs: 250, maxMs: 60_000 });
  for (let n = 0; n < 1000; n += 1) expect(backoff.nextMs()).toBeLessThanOrEqual(60_000);
  expect(backoff.failures).toBe(1000);
  backoff.reset();
  expect(backoff.nextMs()).toBeLessThanOrEqual(250);
});
