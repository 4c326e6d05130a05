import { afterAll, beforeAll, expect, test } from 'vitest';
import { operation, send } from '../support/http.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const json = /^application\/(graphql-response\+)?json/;

test.each([
  // What urql sends with every query.
  [
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    json,
  ],
  ['application/json, text/event-stream', json],
  ['*/*', json],
  ['text/event-stream', /^text\/event-stream/],
  ['text/event-stream, multipart/mixed', /^text\/event-stream/],
  ['Text/Event-Stream, application/json;q=0.5', /^text\/event-stream/],
])('a query that accepts %s is answered as the first of it', async (accept, type) => {
  const { headers } = await send(server.url, operation('{ jobs { totalCount } }', { accept }));
  expect(headers['content-type']).toMatch(type);
});
