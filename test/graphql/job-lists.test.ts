import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewJob } from '../../src/core/job.ts';
import { graphql, serverSentEvents } from '../support/clients.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const labels = 'id name note tags pinned';

async function saved(job: Partial<NewJob> = {}): Promise<string> {
  return (await server.openLog(job)).job.id;
}

async function update(input: object) {
  const { data, errors } = await graphql(
    server.url,
    `mutation ($input: UpdateJobInput!) { updateJob(input: $input) { job { ${labels} } } }`,
    { input },
  );
  return data?.updateJob.job ?? errors?.[0];
}

async function found(filter: object): Promise<string[]> {
  const query =
    'query ($filter: JobFilter) { jobs(filter: $filter) { totalCount edges { node { id } } } }';
  const { data, errors } = await graphql(server.url, query, { filter });
  if (!data?.jobs) throw new Error(errors?.[0]?.message);
  expect(data.jobs.totalCount).toBe(data.jobs.edges.length);
  return data.jobs.edges.map(({ node }: { node: { id: string } }) => node.id);
}

test('a job is named, noted, tagged and pinned, each by itself, and found by that', async () => {
  const jobId = await saved({ name: 'a job' });
  expect(await update({ jobId })).toMatchObject({ name: 'a job', note: null, tags: [] });
  await update({ jobId, note: ' the good one ' });
  await update({ jobId, tags: ['baseline', 'lr', 'baseline'] });
  await update({ jobId, pinned: true });
  const job = { id: jobId, note: 'the good one', tags: ['baseline', 'lr'], pinned: true };
  expect(await update({ jobId, name: 'Best so far' })).toEqual({ ...job, name: 'Best so far' });
  expect(await found({ tags: ['lr', 'baseline'] })).toEqual([jobId]);
  expect(await found({ pinned: true, search: 'best' })).toEqual([jobId]);
  expect(await update({ jobId, note: '', tags: [], pinned: false })).toMatchObject({
    note: null,
    tags: [],
    pinned: false,
  });
  expect(await found({ tags: ['lr'] })).toEqual([]);
});

test.each([
  [{ name: ' ' }, 'input.name is empty.'],
  [{ name: 'x'.repeat(201) }, 'input.name is over 200 characters.'],
  [{ note: 'x'.repeat(4001) }, 'input.note is over 4000 characters.'],
  [{ tags: ['a b'] }, 'input.tags.0 holds a space or a comma, as no tag may.'],
  [{ tags: [''] }, 'input.tags.0 is empty.'],
  [{ tags: Array(21).fill('t') }, 'input.tags has over 20 tags.'],
])('%o is refused, and nothing is changed', async (change, message) => {
  const jobId = await saved({ tags: ['kept'] });
  expect(await update({ jobId, pinned: true, ...change })).toMatchObject({
    message,
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(await update({ jobId })).toMatchObject({ tags: ['kept'], pinned: false });
});

test('a job that there is not is NOT_FOUND', async () => {
  expect(await update({ jobId: 'none', pinned: true })).toMatchObject({
    extensions: { code: 'NOT_FOUND' },
  });
});

test('jobs are found by id, recipe and time, and a list that is too long is refused', async () => {
  const first = await saved({ recipe: 'lora' });
  const second = await saved({ recipe: 'lora' });
  expect(await found({ ids: [first, second, 'none'] })).toEqual([second, first]);
  expect(await found({ recipes: ['lora'], ids: [first] })).toEqual([first]);
  expect(await found({ recipes: ['lora'], createdSince: '2020-01-01T00:00:00Z' })).toHaveLength(2);
  expect(await found({ recipes: ['lora'], createdUntil: '2020-01-01T00:00:00Z' })).toEqual([]);
  await expect(found({ ids: Array(1001).fill('x') })).rejects.toThrow(
    'filter.ids has 1001 items; at most 1000 are allowed.',
  );
});

test('who follows some jobs by id hears of these alone, labels included', async () => {
  const followed = await saved({ name: 'followed' });
  const other = await saved({ name: 'other' });
  const events = serverSentEvents(
    server.url,
    `subscription ($ids: [ID!]) { jobChanged(filter: { ids: $ids }) {
      ... on JobSaved { job { ${labels} } } } }`,
    { ids: [followed] },
  );
  const next = async () => (await events.next()).value?.data?.jobChanged.job;
  expect(await next()).toMatchObject({ id: followed, pinned: false });
  await update({ jobId: other, pinned: true });
  await update({ jobId: followed, tags: ['seen'] });
  expect(await next()).toMatchObject({ id: followed, tags: ['seen'] });
  await events.return();
});

test('jobs are counted by state, in the order of the states', async () => {
  const jobId = await saved({ provider: 'counted' });
  await saved({ provider: 'counted' });
  await server.store.jobs.update(jobId, () => ({ status: 'LOST' }));
  const { data } = await graphql(
    server.url,
    '{ jobCounts(filter: { providers: ["counted"] }) { status count } }',
  );
  expect(data.jobCounts).toHaveLength(9);
  expect(data.jobCounts.at(0)).toEqual({ status: 'QUEUED', count: 1 });
  expect(data.jobCounts.at(-1)).toEqual({ status: 'LOST', count: 1 });
});

describe('jobs in another order', () => {
  const provider = 'ordered';
  const ids: string[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 5; n += 1) {
      const id = await saved({ provider });
      await server.store.jobs.update(id, () => ({ startedAt: 1000, finishedAt: 9000 - n * 1000 }));
      ids.push(id);
    }
  });

  async function page(args: string) {
    const { data, errors } = await graphql(
      server.url,
      `{ jobs(filter: { providers: ["${provider}"] } ${args}) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
    );
    if (!data?.jobs) throw new Error(errors?.[0]?.message);
    const { edges, pageInfo } = data.jobs;
    const at = edges.map(({ node }: { node: { id: string } }) => ids.indexOf(node.id));
    return { at, pageInfo, cursors: edges.map(({ cursor }: { cursor: string }) => cursor) };
  }

  test('come in pages, forwards and backwards', async () => {
    const order = 'orderBy: { by: DURATION, descending: false }';
    const { at, pageInfo } = await page(`first: 2, ${order}`);
    expect(at).toEqual([4, 3]);
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const next = await page(`first: 2, ${order}, after: "${pageInfo.endCursor}"`);
    expect(next.at).toEqual([2, 1]);
    const back = await page(`last: 1, ${order}, before: "${next.cursors[0]}"`);
    expect(back.at).toEqual([3]);
    expect((await page(`last: 2, ${order}`)).at).toEqual([1, 0]);
  });

  test('the oldest first is the newest first, read from the other end', async () => {
    const order = 'orderBy: { by: CREATED, descending: false }';
    const { at, pageInfo } = await page(`first: 2, ${order}`);
    expect(at).toEqual([0, 1]);
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const next = await page(`first: 9, ${order}, after: "${pageInfo.endCursor}"`);
    expect(next.at).toEqual([2, 3, 4]);
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect((await page(`last: 2, ${order}, before: "${next.cursors[2]}"`)).at).toEqual([2, 3]);
  });

  test('a cursor of another order is refused', async () => {
    const { pageInfo } = await page('first: 2');
    await expect(page(`orderBy: { by: LOSS }, after: "${pageInfo.endCursor}"`)).rejects.toThrow(
      'in this order',
    );
  });
});

test('the server says what it is', async () => {
  const { data } = await graphql(server.url, '{ server { version now startedAt needsToken } }');
  expect(data.server).toMatchObject({
    version: expect.stringMatching(/^\d+\./),
    needsToken: false,
  });
  expect(Date.parse(data.server.startedAt)).toBeLessThanOrEqual(Date.parse(data.server.now));
  await using guarded = await openTestServer({ tokens: ['ada:secret-token-of-ada'] });
  const headers = { authorization: 'Bearer secret-token-of-ada' };
  const answer = await graphql(guarded.url, '{ server { needsToken } }', {}, headers);
  expect(answer.data.server).toEqual({ needsToken: true });
});
