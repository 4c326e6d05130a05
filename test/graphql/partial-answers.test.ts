import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;
beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog({ name: 'a job' });
  await log.print('a line');
});
afterAll(() => server[Symbol.asyncDispose]());

test.each([
  ['a page of a log', '{ good: job(id: $id) { name } bad: logs(jobId: $id, limit: 0) { lines } }'],
  ['a list of jobs', '{ good: job(id: $id) { name } bad: jobs(first: 0) { totalCount } }'],
])('%s that cannot be had leaves the rest of the answer alone', async (_what, selection) => {
  const { data, errors } = await graphql(server.url, `query ($id: ID!) ${selection}`, {
    id: log.job.id,
  });
  expect(data).toEqual({ good: { name: 'a job' }, bad: null });
  expect(errors).toMatchObject([{ path: ['bad'], extensions: { code: 'BAD_USER_INPUT' } }]);
});

test.each(['logs(limit: 0) { lines }', 'metrics(maxPoints: 1) { name }'])(
  "a job's %s that cannot be had leaves the list of jobs alone",
  async (field) => {
    const query = `{ jobs { edges { node { name bad: ${field} } } } }`;
    const { data, errors } = await graphql(server.url, query);
    expect(data).toEqual({ jobs: { edges: [{ node: { name: 'a job', bad: null } }] } });
    expect(errors?.[0]?.path).toEqual(['jobs', 'edges', 0, 'node', 'bad']);
  },
);
