import fc from 'fast-check';
import { print } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FindMatchesDocument } from '../../packages/client/src/generated/graphql.ts';
import { tamper } from '../store/sections.ts';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;
// The matches for "loss" are 3, 7, 11 and so on, up to 39.
const lines = Array.from({ length: 42 }, (_, n) => (n % 4 === 3 ? `loss ${n}` : `step ${n}`));
beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog();
  await log.print(...lines);
});
afterAll(() => server[Symbol.asyncDispose]());

const end = 2 ** 31 - 1;

async function ask(variables: object, jobId = log.job.id) {
  return graphql(server.url, print(FindMatchesDocument), { jobId, ...variables });
}

async function find(variables: object, jobId = log.job.id) {
  const { data, errors } = await ask(variables, jobId);
  expect(errors).toBeUndefined();
  const { matches, ...rest } = data.logMatches;
  return {
    matches,
    offsets: matches.map(({ line }: { line: { offset: number } }) => line.offset),
    ...rest,
  };
}

describe('the nearest match', () => {
  const filter = { contains: 'loss' };

  test('is found behind a line, or from the beginning on', async () => {
    expect(await find({ filter })).toMatchObject({
      offsets: [3],
      searchedFrom: 0,
      searchedTo: 4,
      hasMore: true,
      total: 42,
    });
    expect(await find({ filter, after: 3 })).toMatchObject({ offsets: [7], searchedFrom: 4 });
    expect(await find({ filter, after: 38 })).toMatchObject({ offsets: [39], hasMore: true });
    const none = { offsets: [], searchedFrom: 40, searchedTo: 42, hasMore: false };
    expect(await find({ filter, after: 39 })).toMatchObject(none);
    const beyond = { offsets: [], searchedFrom: 100, searchedTo: 100, hasMore: false };
    expect(await find({ filter, after: 99 })).toMatchObject(beyond);
  });

  test('is found before a line, or at the end of the log', async () => {
    expect(await find({ filter, before: end })).toMatchObject({
      offsets: [39],
      searchedFrom: 39,
      searchedTo: 42,
      hasMore: true,
    });
    expect(await find({ filter, before: 39 })).toMatchObject({ offsets: [35], searchedTo: 39 });
    const none = { offsets: [], searchedFrom: 0, searchedTo: 3, hasMore: false };
    expect(await find({ filter, before: 3 })).toMatchObject(none);
    expect(await find({ filter, before: 0 })).toMatchObject({ offsets: [], hasMore: false });
  });

  test('comes first of several', async () => {
    expect(await find({ filter, after: 10, limit: 3 })).toMatchObject({ offsets: [11, 15, 19] });
    expect(await find({ filter, before: 12, limit: 5 })).toMatchObject({
      offsets: [11, 7, 3],
      hasMore: false,
    });
  });

  test('brings the lines around it, as far as there are any', async () => {
    const { matches } = await find({ filter, around: 2, limit: 10 });
    const around = matches.map(
      ({ linesBefore, linesAfter }: Record<string, { offset: number }[]>) =>
        [linesBefore, linesAfter].map((some) => some?.map(({ offset }) => offset)),
    );
    expect(around[0]).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(around[9]).toEqual([
      [37, 38],
      [40, 41],
    ]);
    const [first] = (await find({ filter: { contains: 'step 0' }, around: 20 })).matches;
    expect(first.linesBefore).toEqual([]);
    expect(first.linesAfter.map(({ text }: { text: string }) => text)).toEqual(lines.slice(1, 21));
  });
});

describe('the parts of a line that match', () => {
  let coloured: TestLog;
  beforeAll(async () => {
    coloured = await server.openLog();
    await coloured.print('\u001b[31mloss\u001b[0m 😀 loss lossy', 'INFO: nothing');
  });
  const rangesOf = async (filter: object) => {
    const { matches } = await find({ filter }, coloured.job.id);
    const { text, ranges } = matches[0];
    return ranges.map(({ start, end: to }: { start: number; end: number }) =>
      text.slice(start, to),
    );
  };

  test('are told in the text without its escape sequences, in UTF-16 units', async () => {
    const { matches } = await find({ filter: { contains: 'loss' } }, coloured.job.id);
    expect(matches[0]).toMatchObject({
      text: 'loss 😀 loss lossy',
      ranges: [
        { start: 0, end: 4 },
        { start: 8, end: 12 },
        { start: 13, end: 17 },
      ],
    });
    expect(matches[0].line.text).toContain('\u001b[31m');
  });

  test('are those of the expression, without those that are empty', async () => {
    expect(await rangesOf({ regex: '(?i)LOSS\\w*' })).toEqual(['loss', 'loss', 'lossy']);
    expect(await rangesOf({ regex: '[y😀]|x*' })).toEqual(['😀', 'y']);
    expect(await rangesOf({ regex: 'ss l', contains: 'loss' })).toEqual(['loss', 'loss loss']);
    expect(await rangesOf({ minLevel: 'INFO' })).toEqual([]);
  });
});

test('following matches to the end, either way, tells all of them once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom({ regex: '[13]$' }, { contains: 'step' }, { regex: 'loss', exclude: '1' }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      async (filter, limit, backwards) => {
        const expected = lines.flatMap((line, n) => {
          const passes =
            'contains' in filter ? line.includes('step') : new RegExp(filter.regex).test(line);
          return passes && !('exclude' in filter && line.includes('1')) ? [n] : [];
        });
        const found: number[] = [];
        let place: object = backwards ? { before: end } : {};
        for (let hasMore = true; hasMore; ) {
          const page = await find({ filter, limit, ...place });
          found.push(...page.offsets);
          ({ hasMore } = page);
          place = backwards ? { before: page.searchedFrom } : { after: page.searchedTo - 1 };
        }
        expect(found).toEqual(backwards ? expected.toReversed() : expected);
      },
    ),
    { numRuns: 20 },
  );
});

test('damaged lines end a search, and are missing around a match', async () => {
  const long = await server.openLog();
  for (const first of [0, 1000, 2000]) {
    await long.print(...Array.from({ length: 1000 }, (_, n) => `row ${first + n}`));
  }
  tamper(server.dataDir, (db) =>
    db
      .prepare("UPDATE chunks SET text = x'00' WHERE count = 1000 AND id & 0xffffffff = 1000")
      .run(),
  );
  const search = (variables: object) => find({ around: 2, ...variables }, long.job.id);
  expect(await search({ filter: { contains: 'row 25' }, before: 3000, limit: 100 })).toMatchObject({
    searchedFrom: 2500,
    hasMore: true,
  });
  expect(await search({ filter: { contains: 'nothing' }, before: 3000 })).toMatchObject({
    searchedFrom: 2000,
    hasMore: true,
  });
  const { errors } = await ask({ filter: { contains: 'row' }, before: 2000 }, long.job.id);
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'DATA_DAMAGED',
    offset: 1000,
    nextOffset: 2000,
  });
  const { matches } = await search({ filter: { contains: 'row 2001' }, before: 3000 });
  const before = matches[0].linesBefore.map(({ offset }: { offset: number }) => offset);
  expect(before).toEqual([2000]);
});

test.each([
  [{ filter: {} }, 'filter lets every line pass'],
  [{ filter: { contains: 'x' }, after: 1, before: 2 }, 'after and before cannot both be given'],
  [{ filter: { contains: 'x' }, before: -1 }, 'before is -1'],
  [{ filter: { contains: 'x' }, limit: 0 }, 'limit is 0; it must be between 1 and 100'],
  [{ filter: { contains: 'x' }, around: 21 }, 'around is 21; it must be between 0 and 20'],
  [{ filter: { regex: '(' } }, 'filter.regex is not an RE2 expression'],
])('%j is refused', async (variables, message) => {
  const { data, errors } = await ask(variables);
  expect(data).toEqual({ logMatches: null });
  expect(errors?.[0]).toMatchObject({
    path: ['logMatches'],
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(errors?.[0]?.message).toContain(message);
});

test('an unknown job is not found', async () => {
  const { errors } = await ask({ filter: { contains: 'x' } }, 'nobody');
  expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
});
