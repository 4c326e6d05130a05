import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultTimes } from '../../src/server/checks/times.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ times: { headersMs: 200, requestMs: 600, checkMs: 50 } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Says something piece by piece, and resolves to what came back when the server has hung up. */
async function talk(pieces: readonly string[], everyMs = 20): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket: Socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('data', (data) => {
    heard += data;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const left = [...pieces];
  const talking = setInterval(() => {
    const piece = left.shift();
    if (piece !== undefined && socket.writable) socket.write(piece);
  }, everyMs);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(talking);
  return heard;
}

/** Where the client still talks when the server hangs up, the answer may be lost. */
const timeout = /^HTTP\/1.1 408|^$/;

const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\n';

test.concurrent('hangs up on a connection that says nothing', async () => {
  expect(await talk([])).toMatch(timeout);
});

test.concurrent('hangs up on headers that come drop by drop', async () => {
  const drops = Array.from({ length: 1000 }, (_, n) => `X-Drop-${n}: 1\r\n`);
  expect(await talk([head, ...drops])).toMatch(timeout);
});

test.concurrent('hangs up on a body that comes drop by drop', async () => {
  const begun = `${head}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n`;
  expect(await talk([begun, ...' '.repeat(4000)])).toMatch(timeout);
});

test.concurrent('refuses a request whose head is too large', async () => {
  const answer = await talk([`${head}X-Large: ${'x'.repeat(20_000)}\r\n\r\n`]);
  expect(answer).toMatch(/^HTTP\/1.1 431/);
});

test('drops a connection that is one too many, and serves whoever comes when another has left', async () => {
  await using small = await openTestServer({ maxConnections: 2 });
  using sockets = new DisposableStack();
  const { hostname, port } = new URL(small.url);
  const ask = () => {
    const socket = connect(Number(port), hostname);
    sockets.defer(() => void socket.destroy());
    const heard = Promise.withResolvers<string>();
    socket.on('error', () => {});
    socket.once('data', (data) => heard.resolve(String(data).slice(0, 12)));
    socket.once('close', () => heard.resolve('dropped'));
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return { socket, heard: heard.promise };
  };
  const [one, two] = [ask(), ask()];
  expect([await one.heard, await two.heard]).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  expect(await ask().heard).toBe('dropped');
  one.socket.destroy();
  await expect.poll(() => ask().heard).toBe('HTTP/1.1 200');
});

test('waits ten seconds for headers and thirty for a request, if not told otherwise', () => {
  expect(defaultTimes).toMatchObject({ headersMs: 10_000, requestMs: 30_000, checkMs: 5000 });
});
