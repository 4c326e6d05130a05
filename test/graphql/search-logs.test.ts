import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogReader } from '../../src/logs/read/reader.ts';
import { JobsSearcher } from '../../src/logs/read/search-jobs.ts';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
/** Oldest first. Every third job ran out of memory, after as many lines as its number. */
const ids: string[] = [];
const lost = 'RuntimeError: CUDA out of memory';

beforeAll(async () => {
  server = await openTestServer();
  for (let n = 0; n < 30; n += 1) {
    const log = await server.openLog({ name: `run ${n}`, tags: n < 15 ? ['early'] : [] });
    await log.print('begun', ...Array.from({ length: n }, (_, step) => `step ${step}`));
    if (n % 3 === 0) await log.print(lost, 'more', lost);
    ids.push(log.job.id);
  }
});
afterAll(() => server[Symbol.asyncDispose]());

const query = `query ($filter: LogFilter!, $jobs: JobFilter, $first: Int, $linesPerJob: Int, $after: String) {
  searchLogs(filter: $filter, jobs: $jobs, first: $first, linesPerJob: $linesPerJob, after: $after) {
    searched hasMore endCursor
    jobs { matches whole job { id name } lines { offset text level } } } }`;

async function search(variables: object) {
  const { data, errors } = await graphql(server.url, query, variables);
  if (!data?.searchLogs) throw new Error(errors?.[0]?.message);
  return data.searchLogs;
}

const numbersOf = (found: { jobs: { job: { id: string } }[] }) =>
  found.jobs.map(({ job }) => ids.indexOf(job.id));

test('all jobs with such lines come, newest first, with how many there are and the first ones', async () => {
  const found = await search({ filter: { contains: 'out of memory' } });
  expect(numbersOf(found)).toEqual([27, 24, 21, 18, 15, 12, 9, 6, 3, 0]);
  expect(found).toMatchObject({ searched: 30, hasMore: false });
  expect(found.jobs[0]).toMatchObject({
    matches: 2,
    whole: true,
    lines: [
      { offset: 28, text: lost, level: 'ERROR' },
      { offset: 30, text: lost, level: 'ERROR' },
    ],
  });
  const few = await search({ filter: { regex: '(?i)cuda OUT' }, linesPerJob: 1, first: 100 });
  expect(few.jobs.map(({ lines }: { lines: unknown[] }) => lines.length)).toEqual(
    Array(10).fill(1),
  );
});

test('pages of some jobs each go on where the one before has ended', async () => {
  const walk: number[] = [];
  let after: string | null = null;
  for (;;) {
    const page: { hasMore: boolean; endCursor: string; jobs: { job: { id: string } }[] } =
      await search({ filter: { contains: lost }, first: 3, after });
    expect(page.jobs.length).toBeLessThanOrEqual(3);
    walk.push(...numbersOf(page));
    after = page.endCursor;
    if (!page.hasMore) break;
  }
  expect(walk).toEqual([27, 24, 21, 18, 15, 12, 9, 6, 3, 0]);
});

test('only the logs of some jobs are searched where a filter says so', async () => {
  const found = await search({ filter: { contains: lost }, jobs: { tags: ['early'] } });
  expect(numbersOf(found)).toEqual([12, 9, 6, 3, 0]);
  expect(found.searched).toBe(15);
  expect(await search({ filter: { contains: 'no such line' } })).toMatchObject({
    jobs: [],
    searched: 30,
  });
});

test('a log that the time does not suffice for is gone on with, and no match is missed or doubled', async () => {
  const log = await server.openLog({ provider: 'long' });
  for (let batch = 0; batch < 40; batch += 1) {
    await log.print(
      ...Array.from({ length: 1000 }, (_, n) => (n === 7 ? `${lost} ${batch}` : `padding ${n}`)),
    );
  }
  const { store } = server;
  const searcher = new JobsSearcher({ jobs: store.jobs, reader: new LogReader(store), maxMs: 0 });
  let after: string | null = null;
  let matches = 0;
  let pages = 0;
  for (let hasMore = true; hasMore; pages += 1) {
    const found = await searcher.search({
      filter: { contains: lost },
      jobs: { providers: ['long'] },
      first: 20,
      linesPerJob: 20,
      after,
      pace: { turn: async () => {} },
    });
    for (const job of found.jobs) {
      expect(job.lines.map(({ text }) => text)).toEqual(
        job.lines.map((_, n) => `${lost} ${matches + n}`),
      );
      matches += job.matches;
    }
    ({ cursor: after, hasMore } = found);
  }
  expect(matches).toBe(40);
  expect(pages).toBeGreaterThanOrEqual(1);
});

test('of very many matches no more are counted than is stated', async () => {
  const log = await server.openLog({ provider: 'many' });
  await log.print(...Array.from({ length: 1500 }, () => lost));
  const { jobs } = await search({ filter: { contains: lost }, jobs: { providers: ['many'] } });
  expect(jobs).toMatchObject([{ matches: 1000, whole: false }]);
});

test.each([
  [{ filter: {} }, 'say what to look for'],
  [{ filter: { regex: '(' } }, 'not an RE2 expression'],
  [{ filter: { contains: 'x' }, first: 0 }, 'first is 0; it must be between 1 and 100.'],
  [{ filter: { contains: 'x' }, linesPerJob: 21 }, 'between 0 and 20'],
  [{ filter: { contains: 'x' }, after: 'y' }, 'must be the cursor of a search'],
])('%o is refused', async (variables, words) => {
  await expect(search(variables)).rejects.toThrow(words);
});
