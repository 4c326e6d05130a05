import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operation, send } from '../support/http.ts';
import { logLevel } from '../support/log-capture.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';
import { openTestServer, type TestServer } from '../support/server.ts';
import { type Operation, transports } from '../support/transports.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const long = 'x'.repeat(5000);
const many = Array.from({ length: 900 }, () => 1).join(',');
const deep = (open: string, close: string, times: number) =>
  open.repeat(times) + close.repeat(times);

const operations: Record<string, Operation> = {
  'a list without end': { query: `{job(id:${'['.repeat(5000)}` },
  'a list of few hundred levels without end': { query: `{job(id:${'['.repeat(900)}` },
  'lists in lists': { query: `{job(id:${deep('[', ']', 900)}){id}}` },
  'objects in objects': { query: `{jobs(filter:${deep('{statuses:', '}', 400)}){totalCount}}` },
  'types in types': { query: `query ($a: ${deep('[', ']', 900)}) {job(id:$a){id}}` },
  'lists in lists for a config': {
    query: `mutation {deployJob(input:{provider:"local",modelName:"m",config:${deep('[', ']', 900)}}){job{id}}}`,
  },
  'a long field': { query: `{${long}}` },
  'a long argument': { query: `{job(${long}:1){id}}` },
  'a long type': { query: `query ($a: ${long}) {job(id:$a){id}}` },
  'a long enum value': { query: `{jobs(filter:{statuses:[${long}]}){totalCount}}` },
  'a long text for a number': { query: `{jobs(first:"${long}"){totalCount}}` },
  'many numbers for one': { query: `{jobs(first:[${many}]){totalCount}}` },
  'a long variable': {
    query: 'query ($first: Int) {jobs(first:$first){totalCount}}',
    variables: { first: long },
  },
  'a long list as a variable': {
    query: 'query ($id: ID!) {job(id:$id){id}}',
    variables: { id: JSON.parse(deep('[', ']', 2000)) },
  },
  'a long operation name': { query: 'query A {__typename}', operationName: long },
  'a long id': { query: `{logs(jobId:"${long}"){total}}` },
  'a long provider': {
    query: `mutation {deployJob(input:{provider:"${long}",modelName:"m"}){job{id}}}`,
  },
  'a long expression': {
    query: `{logs(jobId:"x",filter:{regex:"(${'x'.repeat(990)}"}){total}}`,
  },
  'a long cursor': { query: `{jobs(after:"${long}"){totalCount}}` },
  'a long moment': { query: `{logs(jobId:"x",filter:{since:"${long}"}){total}}` },
};

test.each(Object.entries(operations))(
  'is refused in few words over every transport: %s',
  async (_what, asked) => {
    for (const [name, ask] of Object.entries(transports)) {
      // An address has 16 KiB at most.
      if (name === 'GET' && JSON.stringify(asked).length > 4000) continue;
      const { errors = [] } = await ask(server.url, asked);
      expect(errors.length).toBeGreaterThan(0);
      for (const { message, extensions } of errors) {
        expect(message).not.toMatch(/x{201}|(1, ?){101}|(\[ ?){201}/);
        expect(message.length).toBeLessThan(500);
        expect(extensions?.code).toMatch(/^(BAD_USER_INPUT|NOT_FOUND)$/);
      }
    }
    expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
  },
);

test.each([
  'Application/JSON',
  'APPLICATION/JSON; Charset=UTF-8',
  'application/JSON',
  'Application/GraphQL+JSON',
])('takes the content type in any letters: %s', async (type) => {
  for (const accept of ['application/json', 'text/event-stream']) {
    const asked = operation('{ __typename }', { 'content-type': type, accept });
    const { status, text } = await send(server.url, asked);
    expect([status, text]).toEqual([
      200,
      expect.stringContaining('{"data":{"__typename":"Query"}}'),
    ]);
  }
});

test.each(['next', 'error', 'connection_ack'])(
  'a client that says what only a server says is closed with 4400: %s',
  async (type) => {
    const raw = await openRawSocket(server.url);
    raw.say({ type, id: '1', payload: type === 'error' ? [{ message: 'x' }] : { data: {} } });
    expect((await raw.closed).code).toBe(4400);
    expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
  },
);

test.each([
  ['host', { host: long }],
  ['origin', { origin: `http://${long}` }],
  ['content type', { 'content-type': long }],
])('repeats little of a long header: %s', async (_name, headers) => {
  const { text } = await send(server.url, operation('{ __typename }', headers));
  expect(text).not.toMatch(/x{201}/);
  expect(text.length).toBeLessThan(600);
});

test('repeats little of a long path and of its parameters', async () => {
  for (const path of [`/jobs/${long}/log`, `/jobs/x/log?offset=${long}`, `/${long}`]) {
    const { text } = await send(server.url, { path });
    expect(text).not.toMatch(/x{201}/);
  }
  const raw = await openRawSocket(server.url);
  raw.say(long);
  const [code] = await once(raw.socket, 'close');
  expect(code).toBe(4400);
});
