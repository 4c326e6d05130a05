import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { logLevel } from '../support/log-capture.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;
beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog();
  for (let n = 0; n < 20; n += 1) await log.print(...Array<string>(5000).fill('x'.repeat(100)));
});
afterAll(() => server[Symbol.asyncDispose]());

const follow = () =>
  JSON.stringify({ query: `subscription { logStream(jobId: "${log.job.id}") { lines } }` });
const post = (body: string, length: number, accept: string) =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: ${accept}\r\nContent-Length: ${length}\r\n\r\n${body}`;
const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`;

const requests: [string, () => string][] = [
  ['half a head', () => 'GET /graphql HTT'],
  ['half a posted operation', () => post('{"query":', 500, 'application/json')],
  ['half an operation for events', () => post('{"query":', 500, 'text/event-stream')],
  ['half of an event stream', () => post(follow(), follow().length, 'text/event-stream')],
  ['half of a multipart stream', () => post(follow(), follow().length, 'multipart/mixed')],
  ['half of a log', () => get(`/jobs/${log.job.id}/log`)],
  ['half of a compressed log', () => get(`/jobs/${log.job.id}/log`, 'Accept-Encoding: gzip')],
  ['half of GraphiQL', () => get('/graphql', 'Accept: text/html')],
  [
    'half a WebSocket frame',
    () =>
      `${get('/graphql', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: graphql-transport-ws')}\x81\xfe`,
  ],
  ['nonsense', () => '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
];

test.each(requests)(
  'a client that leaves after %s is no defect, and leaves nothing behind',
  async (_what, request) => {
    for (const goodbye of ['destroy', 'resetAndDestroy'] as const) {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(request(), 'latin1');
      // An answer, where there is one, has begun to come.
      const begun = once(socket, 'readable').catch(() => {});
      await Promise.race([begun, new Promise((resolve) => setTimeout(resolve, 100))]);
      socket[goodbye]();
    }
    expect((await graphql(server.url, '{ jobs { totalCount } }')).data.jobs.totalCount).toBe(1);
    await expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
    expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
  },
);
