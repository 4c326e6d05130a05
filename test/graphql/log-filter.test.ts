import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const query = `query ($job: ID!, $filter: LogFilter) {
  logs(jobId: $job, filter: $filter) { lines total nextOffset }
}`;

test('`exclude` leaves out what its expression matches, without escape sequences', async () => {
  const log = await server.openLog();
  await log.print('step 1', 'loss 2', '\u001b[31mst\u001b[0mep 3', 'step and loss');
  const ask = async (filter: object) => {
    const { data } = await graphql(server.url, query, { job: log.job.id, filter });
    return data.logs;
  };
  expect(await ask({ exclude: '^step' })).toEqual({ lines: ['loss 2'], total: 4, nextOffset: 4 });
  expect((await ask({ exclude: '\\d', regex: 'loss' })).lines).toEqual(['step and loss']);
});
