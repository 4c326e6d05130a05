import { expect, test } from 'vitest';
import { LogReader } from '../../src/logs/reader.ts';
import { openTestServer } from '../support/server.ts';

/** As slow as an expression may be made: it takes about a millisecond a line. */
const slow = `(?:${['[a-d]', '[e-h]', '\\d', '[i-l]', '[m-p]', '[q-t]', '[ .|]', '[0-4]', '[5-9]']
  .map((some) => `${some}.{0,99}`)
  .join('|')})-$`;

const lines = Array.from(
  { length: 300 },
  (_, n) =>
    `2026-01-01 12:00:00 | INFO | step ${n} | loss 0.1234 | grad_norm 0.98765 | lr 1.234e-5`,
);

test('a slow expression lets others go on within a chunk, and looks at every line once', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...lines, 'the end-', ...lines);
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const reader = new LogReader(server.store);
  const found: number[] = [];
  for (let offset = 0, hasMore = true; hasMore; ) {
    const page = await reader.page(log.job.id, { limit: 10, offset, filter: { regex: slow } });
    found.push(...page.entries.map((entry) => entry.offset));
    offset = page.nextOffset;
    hasMore = page.hasMore;
  }
  counting = false;
  expect(found).toEqual([lines.length]);
  expect(turns).toBeGreaterThan(5);
});
