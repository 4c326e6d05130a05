import { RE2JS } from 're2js';
import { expect, test, vi } from 'vitest';
import { LogReader } from '../../src/logs/read/reader.ts';
import { openTestServer } from '../support/server.ts';

const lines = Array.from({ length: 300 }, (_, n) => `step ${n}`);

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
  using _ = slowLooks(1);
  const reader = new LogReader(server.store);
  const page = await reader.page(log.job.id, { limit: 10, offset: 0, filter: { regex: '-$' } });
  counting = false;
  expect(page).toMatchObject({ nextOffset: 2 * lines.length + 1, hasMore: false });
  expect(page.offsets).toEqual([lines.length]);
  expect(turns).toBeGreaterThan(lines.length / 5);
});

test('a search that takes too long ends early, and says where to go on', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...lines, 'the end-');
  using _ = slowLooks(10);
  const reader = new LogReader(server.store);
  const found: number[] = [];
  let pages = 0;
  for (let offset = 0, hasMore = true; hasMore; pages += 1) {
    const page = await reader.page(log.job.id, { limit: 10, offset, filter: { regex: '-$' } });
    expect(page.nextOffset).toBeGreaterThan(offset);
    found.push(...(page.offsets ?? []));
    ({ nextOffset: offset, hasMore } = page);
  }
  expect(found).toEqual([lines.length]);
  expect(pages).toBeGreaterThan(1);
});

test('an expression that makes others try for ever is as quick as any', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print(...lines, `${'a'.repeat(5000)}!`, 'aaa');
  const reader = new LogReader(server.store);
  for (const regex of ['(a+)+$', '(a|aa)+$', '(.*a){25}$']) {
    // Where it backtracks, no test ends in a lifetime.
    const page = await reader.page(log.job.id, { limit: 10, offset: 0, filter: { regex } });
    expect(page).toMatchObject({ nextOffset: lines.length + 2, hasMore: false });
  }
});

/** As if each look at a line took some milliseconds. */
function slowLooks(lookMs: number): Disposable {
  let ms = performance.now();
  const { test: look } = RE2JS.prototype;
  const mocks = new DisposableStack();
  mocks.use(vi.spyOn(performance, 'now').mockImplementation(() => ms));
  const slow = function (this: RE2JS, text: Parameters<RE2JS['test']>[0]) {
    ms += lookMs;
    return look.call(this, text);
  };
  mocks.use(vi.spyOn(RE2JS.prototype, 'test').mockImplementation(slow));
  return mocks;
}
