import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { defaultTimes } from '../../src/server/checks/times.ts';
import { open, operation } from '../support/http.ts';
import { openRawSocket, type RawGraphSocket } from '../support/raw-graph-socket.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ times: { pingMs: 200 } });
});
afterAll(() => server[Symbol.asyncDispose]());

const subscribe = (id: string, query = 'subscription { jobUpdated { id } }') => ({
  type: 'subscribe',
  id,
  payload: { query },
});

describe('a WebSocket that does not keep to the protocol is closed', () => {
  const before: [string, number, (raw: RawGraphSocket) => void][] = [
    ['at a first message that is no JSON', 4400, ({ say }) => say('hello')],
    ['at a first message of an unknown type', 4400, ({ say }) => say({ type: 'hello' })],
    ['at bytes', 4400, ({ say }) => say(new Uint8Array([0, 255, 1]))],
    ['at an operation before its init', 4401, ({ say }) => say(subscribe('1'))],
    ['when it says nothing', 4408, () => {}],
    [
      'at a second init',
      4429,
      ({ say }) => {
        say({ type: 'connection_init' });
        say({ type: 'connection_init' });
      },
    ],
  ];
  test.concurrent.each(before)('%s: %i', async (_what, code, act) => {
    using raw = await openRawSocket(server.url, { init: false });
    act(raw);
    expect((await raw.closed).code).toBe(code);
  });

  const after: [string, number, (raw: RawGraphSocket) => void][] = [
    ['at a message of an unknown type', 4400, ({ say }) => say({ type: 'start', id: '1' })],
    ['at an operation without an id', 4400, ({ say }) => say({ ...subscribe('1'), id: undefined })],
    ['at an operation without a query', 4400, ({ say }) => say({ ...subscribe('1'), payload: {} })],
    [
      'at an id that is taken',
      4409,
      ({ say }) => {
        say(subscribe('1'));
        say(subscribe('1'));
      },
    ],
    [
      'at a message over 64 KiB',
      1009,
      ({ say }) => say({ type: 'ping', payload: { x: 'x'.repeat(65_536) } }),
    ],
    [
      'at more than 100 operations',
      4429,
      ({ say }) => {
        for (let n = 0; n <= 100; n += 1) say(subscribe(String(n)));
      },
    ],
    [
      'at more than 200 messages in a second',
      4429,
      ({ say }) => {
        for (let n = 0; n <= 400; n += 1) say({ type: 'pong' });
      },
    ],
    [
      'at more than 200 pings in a second',
      4429,
      ({ socket }) => {
        for (let n = 0; n <= 400; n += 1) socket.ping();
      },
    ],
  ];
  test.concurrent.each(after)('%s: %i', async (_what, code, act) => {
    using raw = await openRawSocket(server.url);
    act(raw);
    expect((await raw.closed).code).toBe(code);
  });

  test('at a handshake without the subprotocol: 4406', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`);
    const [code] = await once(socket, 'close');
    expect(code).toBe(4406);
  });
});

describe('a WebSocket', () => {
  test('is not compressed, even where the client asks for it', async () => {
    using raw = await openRawSocket(server.url);
    expect(raw.socket.extensions).toBe('');
  });

  test('serves a hundred operations at once', async () => {
    using raw = await openRawSocket(server.url);
    for (let n = 0; n < 100; n += 1) raw.say(subscribe(String(n)));
    raw.say({ type: 'complete', id: '0' });
    raw.say(subscribe('again', '{ __typename }'));
    await raw.hear(({ type, id }) => type === 'complete' && id === 'again');
  });

  test('is answered its pings, of either kind', async () => {
    using raw = await openRawSocket(server.url);
    raw.say({ type: 'ping', payload: { n: 1 } });
    expect(await raw.hear(({ type }) => type === 'pong')).toEqual({
      type: 'pong',
      payload: { n: 1 },
    });
    raw.socket.ping('text');
    const [data] = await once(raw.socket, 'pong');
    expect(String(data)).toBe('text');
  });

  test('is ended where it does not answer a ping, and kept where it does', async () => {
    using silent = await openRawSocket(server.url);
    using alive = await openRawSocket(server.url);
    let pings = 0;
    alive.socket.on('ping', () => {
      pings += 1;
    });
    silent.socket.pause();
    // Nothing is heard of the end while nothing is read: the connection itself says it.
    while (pings < 3) await once(alive.socket, 'ping');
    silent.socket.resume();
    expect((await silent.closed).code).toBe(1006);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
  });

  test('is pinged within fifteen seconds, if not told otherwise, as an event stream is', async () => {
    expect(defaultTimes.pingMs).toBeLessThanOrEqual(15_000);
    const { job } = await server.openLog();
    const query = `subscription { logStream(jobId: "${job.id}") { lines } }`;
    const events = await open(server.url, operation(query, { accept: 'text/event-stream' }));
    let pings = 0;
    events.on('data', (data) => {
      pings += String(data).split(':\n\n').length - 1;
    });
    await expect.poll(() => pings).toBeGreaterThan(2);
    events.destroy();
  });

  test('that asks and never reads is ended before much waits for it', async () => {
    await using patient = await openTestServer();
    using raw = await openRawSocket(patient.url);
    raw.socket.pause();
    const payload = { text: 'x'.repeat(60_000) };
    const asking = setInterval(() => {
      for (let n = 0; n < 15; n += 1) raw.say({ type: 'ping', payload });
    }, 100);
    const { closed } = raw;
    // The bytes that were on their way are read, then the end is.
    const ended = new Promise<void>((resolve) => {
      raw.socket.once('error', () => resolve());
      void closed.then(() => resolve());
    });
    const resume = setTimeout(() => raw.socket.resume(), 4000);
    await ended;
    clearInterval(asking);
    clearTimeout(resume);
    expect(raw.heard.length).toBeLessThan(600);
  });

  test('finds no other path to be upgraded on', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/health/live`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    socket.terminate();
  });
});
