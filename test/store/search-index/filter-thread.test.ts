import { expect, test } from 'vitest';
import { rawChunk } from '../../../src/store/chunk.ts';
import { openFilter } from '../../../src/store/search-index/filter.ts';
import { FilterThread } from '../../../src/store/search-index/filter-thread.ts';

const key = 'job 0';
const lines = Array.from({ length: 1000 }, (_, n) => `line ${n} of many`);
const sealed = {
  key,
  chunks: [rawChunk({ lines, runs: [{ count: 1000, time: 1, source: 'STDOUT' }] })],
};

test('a thread that is closed while it makes a filter ends with it, and makes no other', async () => {
  for (let round = 0; round < 5; round += 1) {
    const thread = new FilterThread();
    const made = thread.build(sealed);
    await thread.close();
    expect(openFilter(await made, key)?.parts).toEqual([1000]);
    await expect(thread.build(sealed)).rejects.toThrow('closed');
    await thread.close();
  }
});

test('where a thread fails, that is told, and the next filter is made by another', async () => {
  const thread = new FilterThread();
  const broken = { key, chunks: [{ ...sealed.chunks[0], text: null }] };
  await expect(thread.build(broken as never)).rejects.toThrow();
  expect(openFilter(await thread.build(sealed), key)?.parts).toEqual([1000]);
  await thread.close();
});
