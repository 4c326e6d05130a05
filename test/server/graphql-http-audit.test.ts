import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const audits = serverAudits({ url: () => `${server.url}/graphql` });

test('the audit is whole', () => {
  expect(audits).toHaveLength(61);
});

test.each(audits)('$id: $name', async (audit) => {
  const result = await audit.fn();
  expect('reason' in result ? result.reason : result.status).toBe('ok');
});
