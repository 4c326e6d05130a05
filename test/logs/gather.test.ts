import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LogBatch } from '../../src/core/provider.ts';
import { gather } from '../../src/logs/write/gather.ts';

const line = (n: number, more: Partial<LogBatch> = {}): LogBatch => ({
  lines: [`line ${n}`],
  runs: [{ count: 1, time: n, source: null }],
  cursor: `${n + 1}`,
  ...more,
});

async function* source(...batches: (LogBatch | Error)[]): AsyncGenerator<LogBatch> {
  for (const batch of batches) {
    await nextTurn();
    if (batch instanceof Error) throw batch;
    yield batch;
  }
}

const all = (batches: AsyncIterable<LogBatch>) => Array.fromAsync(batches);

test('without a pause every batch is handed on as it comes', async () => {
  expect(await all(gather(source(line(0), line(1)), () => 0))).toEqual([line(0), line(1)]);
});

test('within a pause batches are one, with gaps where they were', async () => {
  const gap = { before: 0, reason: 'lost' };
  const batches = [line(0, { gaps: [gap] }), line(1), line(2, { gaps: [gap] })];
  expect(await all(gather(source(...batches), () => 60_000))).toEqual([
    {
      lines: ['line 0', 'line 1', 'line 2'],
      runs: [0, 1, 2].map((time) => ({ count: 1, time, source: null })),
      cursor: '3',
      gaps: [gap, { before: 2, reason: 'lost' }],
    },
  ]);
});

test('an end, a line in the making, and a thousand lines wait for no pause', async () => {
  const unfinished = { ...line(1), lines: [], runs: [], unfinished: { text: 'half', time: 1 } };
  const many = line(3, { lines: Array.from({ length: 1000 }, () => 'x') });
  const end = line(4, { ended: { state: null } });
  const got = await all(gather(source(line(0), unfinished, line(2), many, end), () => 60_000));
  expect(got.map(({ cursor }) => cursor)).toEqual(['1', '2', '4', '5']);
  expect(got[2]?.lines).toHaveLength(1001);
});

test('what was gathered is handed on before the failure of its source', async () => {
  const batches = gather(source(line(0), line(1), new Error('cut')), () => 60_000);
  expect((await batches.next()).value).toMatchObject({ lines: ['line 0', 'line 1'] });
  await expect(batches.next()).rejects.toThrow('cut');
});

test('a source that fails while the batch before is being stored is an error of the next, not of the process', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const batches = gather(source(line(0), new Error('cut')), () => 0);
    expect((await batches.next()).value).toEqual(line(0));
    // Node tells of a rejection within the turn after it.
    for (let turns = 0; turns < 5; turns++) await nextTurn();
    expect(unhandled).toEqual([]);
    await expect(batches.next()).rejects.toThrow('cut');
  } finally {
    process.off('unhandledRejection', note);
  }
});
