import { createHash } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../support/http.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const hash = '0'.repeat(64);
const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
const headers = { 'content-type': 'application/json' };
const events = { ...headers, accept: 'text/event-stream' };

test.for([
  ['by POST', { body: JSON.stringify({ extensions }), headers }],
  ['with an empty query', { body: JSON.stringify({ query: '', extensions }), headers }],
  ['for events', { body: JSON.stringify({ extensions }), headers: events }],
  ['by GET', { path: `/graphql?extensions=${encodeURIComponent(JSON.stringify(extensions))}` }],
] as const)('a hash in place of the query, %s, is answered as clients expect', async ([, form]) => {
  const method = 'path' in form ? 'GET' : 'POST';
  const { status, json } = await send(server.url, { method, path: '/graphql', ...form });
  expect(status).toBe(200);
  expect(json.errors[0].message).toBe('PersistedQueryNotSupported');
});

test.for([true, false])(
  "Apollo's persisted queries fall back (hashes by GET: %s)",
  async (useGet) => {
    const sha256 = (query: string) => createHash('sha256').update(query).digest('hex');
    const hashes = new PersistedQueryLink({ sha256, useGETForHashedQueries: useGet });
    const client = new ApolloClient({
      link: hashes.concat(new HttpLink({ uri: `${server.url}/graphql` })),
      cache: new InMemoryCache(),
    });
    const { data } = await client.query({ query: gql`{ jobs { totalCount } }` });
    expect(data).toMatchObject({ jobs: { totalCount: 0 } });
    client.stop();
  },
);

test.for(['[]', ' [{"query":"{ providers { name } }"}]'])(
  'the batch %s is refused in words of its own',
  async (body) => {
    const answer = await send(server.url, { method: 'POST', path: '/graphql', headers, body });
    expect(answer.status).toBe(400);
    expect(answer.json.errors[0]).toMatchObject({
      message: expect.stringMatching(/one a request.*batching/),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  },
);

test('a request with neither query nor hash is told what is missing', async () => {
  const form = { method: 'POST', path: '/graphql', headers, body: '{"extensions": {"a": 1}}' };
  const { json } = await send(server.url, form);
  expect(json.errors[0].message).toBe('Missing query');
});
