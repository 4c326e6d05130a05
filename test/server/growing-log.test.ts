import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';

type Result = { data?: Record<string, unknown>; errors?: unknown } | undefined;
type Grow = (result: Result) => Result;

const script = await readFile(
  new URL('../../src/server/graphiql/growing-log.js', import.meta.url),
  'utf8',
);

/** As the page runs it. */
function start(): { grow: Grow; grew: unknown[] } {
  const grew: unknown[] = [];
  const page = createContext({ grew });
  const make: () => Grow = runInContext(
    `${script}; () => growLog((page) => grew.push(page))`,
    page,
  );
  return { grow: make(), grew };
}

const pageOf = (offset: number, count: number) => ({
  offset,
  lines: Array.from({ length: count }, (_, n) => `line ${offset + n}`),
  gaps: [{ offset }],
  nextOffset: offset + count,
  complete: false,
});
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

test('the pages of a log become one that grows', () => {
  const { grow, grew } = start();
  expect(plain(grow({ data: { logStream: pageOf(5, 2) } }))).toEqual({
    data: { logStream: pageOf(5, 2) },
  });
  expect(plain(grow({ data: { logStream: pageOf(7, 3) } }))).toEqual({
    data: { logStream: { ...pageOf(5, 5), gaps: [{ offset: 5 }, { offset: 7 }] } },
  });
  expect(plain(grew)).toEqual([pageOf(5, 2), pageOf(7, 3)]);
});

test('the oldest lines go when it has become long, and its offset says from where on it is', () => {
  const { grow } = start();
  let result: Result;
  for (let offset = 0; offset < 2000; offset += 100) {
    result = grow({ data: { log: pageOf(offset, 100) } });
  }
  expect(plain(result?.data?.log)).toMatchObject({
    offset: 1500,
    lines: pageOf(1500, 500).lines,
    nextOffset: 2000,
  });
});

test('other results stay as they are', () => {
  const { grow, grew } = start();
  const results: Result[] = [
    { data: { jobUpdated: { status: 'RUNNING', lines: null } } },
    { errors: [{ message: 'no' }] },
    { data: { logStream: null } },
    undefined,
  ];
  for (const result of results) {
    expect(plain(grow(result) ?? null)).toEqual(result ?? null);
  }
  expect(grew).toEqual([]);
});
