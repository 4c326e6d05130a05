import { afterAll, beforeAll, expect, test } from 'vitest';
import { newJobId } from '../../src/core/job.ts';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

// The rules are those of Relay's connections: https://relay.dev/graphql/connections.htm
let server: TestServer;
/** Newest first. */
const ids: string[] = [];

beforeAll(async () => {
  server = await openTestServer();
  for (let count = 0; count < 1000; count += 1) await addJob();
});
afterAll(() => server[Symbol.asyncDispose]());

async function addJob(): Promise<string> {
  const id = newJobId();
  await server.store.jobs.insert({
    id,
    name: `job ${ids.length}`,
    provider: 'local',
    recipe: 'default',
    modelName: 'test-model',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
  });
  ids.unshift(id);
  return id;
}

interface Page {
  ids: string[];
  cursors: string[];
  totalCount: number;
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

async function page(args: Record<string, unknown>): Promise<Page> {
  const { data, errors } = await graphql(
    server.url,
    `query ($first: Int, $last: Int, $after: String, $before: String) {
      jobs(first: $first, last: $last, after: $after, before: $before) {
        edges { cursor node { id } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }`,
    args,
  );
  if (!data?.jobs) throw new Error(JSON.stringify(errors));
  const { edges, ...rest } = data.jobs;
  return {
    ids: edges.map(({ node }: { node: { id: string } }) => node.id),
    cursors: edges.map(({ cursor }: { cursor: string }) => cursor),
    ...rest,
  };
}

test('forwards, every job comes once and in order, while new ones are added', async () => {
  const before = [...ids];
  const seen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const next: Page = await page({ first: 70, after });
    expect(next.pageInfo.startCursor).toBe(next.cursors[0]);
    expect(next.pageInfo.endCursor).toBe(next.cursors.at(-1));
    seen.push(...next.ids);
    await addJob();
    if (!next.pageInfo.hasNextPage) break;
    after = next.pageInfo.endCursor;
  }
  expect(seen).toEqual(before);
  expect((await page({ first: 1 })).totalCount).toBe(ids.length);
});

test('backwards, too: the oldest first page, then newer ones', async () => {
  const seen: string[] = [];
  let before: string | null = null;
  for (;;) {
    const next: Page = await page({ last: 90, before });
    seen.unshift(...next.ids);
    if (!next.pageInfo.hasPreviousPage) break;
    before = next.pageInfo.startCursor;
  }
  expect(seen).toEqual(ids);
});

test('a page between two cursors holds what lies between, and says whether there is more', async () => {
  const { cursors } = await page({ first: 50 });
  const between = { after: cursors[9], before: cursors[20] };
  expect((await page({ first: 100, ...between })).ids).toEqual(ids.slice(10, 20));
  const newest = await page({ first: 4, ...between });
  expect(newest.ids).toEqual(ids.slice(10, 14));
  expect(newest.pageInfo.hasNextPage).toBe(true);
  const oldest = await page({ last: 4, ...between });
  expect(oldest.ids).toEqual(ids.slice(16, 20));
  expect(oldest.pageInfo.hasPreviousPage).toBe(true);
});

test.for([
  [{ first: 0 }, /^first is 0; it must be between 1 and 100\.$/],
  [{ first: 101 }, /^first is 101; it must be between 1 and 100\.$/],
  [{ last: -1 }, /^last is -1; it must be between 1 and 100\.$/],
  [{ after: 'nonsense' }, /^after is not a cursor of a job; pass one that a page of jobs gave\.$/],
] as const)('refuses %o', async ([args, message]) => {
  await expect(page(args)).rejects.toThrow(/BAD_USER_INPUT/);
  const { errors } = await graphql(
    server.url,
    'query ($first: Int, $last: Int, $after: String) { jobs(first: $first, last: $last, after: $after) { totalCount } }',
    args,
  );
  expect(errors?.[0]?.message).toMatch(message);
});
