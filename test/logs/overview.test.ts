import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { LogOverviews } from '../../src/logs/read/overview.ts';
import { sectionsOf } from '../store/sections.ts';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;
/** Errors in one place, a warning here and there, and a word that is everywhere. */
const total = 100_000;
const textOf = (line: number) => {
  if (line >= 50_000 && line < 50_040) return `ERROR: step ${line} went wrong`;
  if (line % 9_973 === 5) return `WARNING: slow step ${line}`;
  return `INFO: step ${line} of many`;
};

beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog();
  for (let first = 0; first < total; first += 5000) {
    await log.print(...Array.from({ length: 5000 }, (_, at) => textOf(first + at)));
  }
  await log.end();
  // All of it is in sections, once it is over.
  // The newest lines are in none.
  await vi.waitFor(() => expect(inSections()).toBeGreaterThan(90_000), { timeout: 20_000 });
});
afterAll(() => server[Symbol.asyncDispose]());

/** How many lines are in sections. */
function inSections(): number {
  return sectionsOf(server.dataDir).reduce((sum, [, lines = 0]) => sum + lines, 0);
}

const pace = { turn: async () => {} };

/** What a plain count finds. */
function plain(buckets: { offset: number; lines: number }[]) {
  return buckets.map(({ offset, lines }) => {
    const texts = Array.from({ length: lines }, (_, at) => textOf(offset + at));
    const count = (word: string) => texts.filter((text) => text.includes(word)).length;
    return {
      offset,
      lines,
      warnings: count('WARNING'),
      errors: count('ERROR'),
      matches: count('99'),
    };
  });
}

const filter = { contains: '99' };

describe.each([1, 7, 50, 200, 499])('in %i parts', (most) => {
  test('each part has the lines that a plain count finds there', async () => {
    const overview = await new LogOverviews(server.store.logs).of(log.job.id, total, {
      buckets: most,
      filter,
      pace,
    });
    expect(overview).toMatchObject({ levelsExact: true, searchedTo: total });
    expect(overview.buckets.length).toBeLessThanOrEqual(most);
    expect(overview.buckets).toEqual(plain(overview.buckets));
  });
});

test('where nothing may be read, the levels of all sections are counted all the same, each near its place', async () => {
  const overview = await new LogOverviews(server.store.logs, { ms: 0, lines: 0 }).of(
    log.job.id,
    total,
    { buckets: 200, filter, pace },
  );
  const sum = (what: 'errors' | 'warnings') =>
    overview.buckets.reduce((all, bucket) => all + bucket[what], 0);
  expect(overview).toMatchObject({ levelsExact: false, searchedTo: 0 });
  const known = plain([{ offset: 0, lines: inSections() }]);
  expect({ warnings: sum('warnings'), errors: sum('errors') }).toEqual({
    warnings: known[0]?.warnings,
    errors: 40,
  });
  for (const { offset, errors } of overview.buckets) {
    if (errors > 0) expect(Math.abs(offset - 50_000)).toBeLessThan(40_000);
  }
});

test('an overview comes over HTTP, of a log that is still written, too', async () => {
  const live = await server.openLog();
  await live.print('INFO: begun', 'ERROR: gone', 'WARNING: late', 'ERROR: again');
  const ask = async (id: string, args: string) => {
    const { data, errors } = await graphql(
      server.url,
      `{ logOverview(jobId: "${id}" ${args}) { total warnings errors matches searchedTo levelsExact
        buckets { offset lines errors } } }`,
    );
    if (!data?.logOverview) throw new Error(errors?.[0]?.message);
    return data.logOverview;
  };
  expect(await ask(live.job.id, ', buckets: 2, filter: { contains: "again" }')).toEqual({
    total: 4,
    warnings: 1,
    errors: 2,
    matches: 1,
    searchedTo: 4,
    levelsExact: true,
    buckets: [
      { offset: 0, lines: 2, errors: 1 },
      { offset: 2, lines: 2, errors: 1 },
    ],
  });
  expect(await ask((await server.openLog()).job.id, '')).toMatchObject({ total: 0, buckets: [] });
  await expect(ask(live.job.id, ', buckets: 501')).rejects.toThrow('between 1 and 500');
  await expect(ask('none', '')).rejects.toThrow('There is no job');
});
