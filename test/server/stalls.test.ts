import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { graphql } from '../support/clients.ts';
import { open, operation } from '../support/http.ts';
import { logLevel } from '../support/log-capture.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';
import { replace } from '../support/replace.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

// What one client asks for, and does not take, must cost others nothing. Counted is what is read of the
// store, which no machine does more or less of for being slow.

const lineBytes = 200;
const lineCount = 400_000;
const stream =
  'subscription ($job: ID!, $offset: Int) { logStream(jobId: $job, offset: $offset) { lines } }';

let reads = 0;
let server: TestServer;
let log: TestLog;

const counting = (store: Store): Store => ({
  ...store,
  logs: replace(store.logs, {
    read: (...args) => {
      reads += 1;
      return store.logs.read(...args);
    },
  }),
});

beforeAll(async () => {
  server = await openTestServer({ wrapStore: counting });
  log = await server.openLog();
  const lines = Array<string>(5000).fill('x'.repeat(lineBytes));
  for (let printed = 0; printed < lineCount; printed += lines.length) await log.print(...lines);
  await log.end();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  reads = 0;
});

/** Resolves when nothing more is read. */
async function atRest(): Promise<number> {
  await expect
    .poll(async () => {
      const before = reads;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return reads - before;
    })
    .toBe(0);
  return reads;
}

async function connected(): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const get = (path: string, method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const post = (body: string, accept: string) =>
  `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const page = () =>
  JSON.stringify({ query: `{ logs(jobId: "${log.job.id}", limit: 1000) { lines } }` });
const follow = () => JSON.stringify({ query: stream, variables: { job: log.job.id } });

describe('a connection that sends a thousand requests ahead', () => {
  const kinds: [string, () => string][] = [
    ['the log as text', () => get(`/jobs/${log.job.id}/log`)],
    ['pages', () => post(page(), 'application/json')],
    ['pages by GET', () => get(`/graphql?query=${encodeURIComponent(JSON.parse(page()).query)}`)],
    ['streams', () => post(follow(), 'text/event-stream')],
  ];

  test.each(kinds)(
    'and takes no answer makes little be read, and none when it has left: %s',
    async (_what, request) => {
      const socket = await connected();
      socket.pause();
      socket.write(request().repeat(1000));
      await expect.poll(() => reads).toBeGreaterThan(0);
      // One answer after the other, until the pipe is full: some megabytes, where all would be gigabytes.
      const read = await atRest();
      expect(read * 64 * 1024).toBeLessThan(20_000_000);
      expect((await graphql(server.url, '{ jobs { totalCount } }')).data.jobs.totalCount).toBe(1);
      socket.destroy();
      expect((await atRest()) - read).toBeLessThanOrEqual(1);
      expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
    },
  );

  const small: [string, () => string, string][] = [
    ['HEAD of a log', () => get(`/jobs/${log.job.id}/log`, 'HEAD'), 'HTTP/1.1 200'],
    ['health', () => get('/health/live'), '{"status":"ok"}'],
    ['readiness', () => get('/health/ready'), '"status":"ok"'],
    ['operations', () => post('{"query":"{ __typename }"}', 'application/json'), '"Query"'],
  ];

  test.each(small)('gets every answer, when it takes them: %s', async (_what, request, mark) => {
    const socket = await connected();
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.write(request().repeat(1000));
    await expect.poll(() => text.split(mark).length - 1, { timeout: 20_000 }).toBe(1000);
    socket.destroy();
  });

  test('does not keep another one waiting', async () => {
    const socket = await connected();
    let answers = 0;
    socket.on('data', (data) => {
      answers += String(data).split('HTTP/1.1 200').length - 1;
    });
    socket.write(post(page(), 'application/json').repeat(500));
    await expect.poll(() => reads).toBeGreaterThan(0);
    const before = reads;
    const asked = await graphql(server.url, '{ jobs { totalCount } }');
    expect(asked.data.jobs.totalCount).toBe(1);
    // Of five hundred, few were read between its question and its answer.
    expect(reads - before).toBeLessThan(100);
    await expect.poll(() => answers, { timeout: 20_000 }).toBe(500);
    socket.destroy();
  });
});

test('a hundred streams on a socket that never reads have one page under way', async () => {
  const raw = await openRawSocket(server.url);
  raw.socket.pause();
  for (let id = 0; id < 100; id += 1) {
    const variables = { job: log.job.id, offset: id * 3001 };
    raw.say({ type: 'subscribe', id: String(id), payload: { query: stream, variables } });
  }
  await expect.poll(() => reads).toBeGreaterThan(0);
  expect((await atRest()) * 1000 * lineBytes).toBeLessThan(20_000_000);
  raw.socket.terminate();
  await expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
});

test('event streams that never read have one page each under way', async () => {
  const asked = operation(
    stream,
    { accept: 'text/event-stream' },
    { variables: { job: log.job.id } },
  );
  const responses = await Promise.all(Array.from({ length: 20 }, () => open(server.url, asked)));
  for (const response of responses) response.pause();
  const read = await atRest();
  // They share the pages that they read at the same time, and read a pipe full of them at most.
  expect(read * 1000 * lineBytes).toBeLessThan(responses.length * 20_000_000);
  for (const response of responses) response.destroy();
  await expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
});

test('a viewer who leaves in the middle of a search is no defect', async () => {
  const raw = await openRawSocket(server.url);
  const query = `subscription ($job: ID!) { logStream(jobId: $job, filter: { regex: "(x+x+)+y" }) { lines } }`;
  for (let id = 0; id < 20; id += 1) {
    raw.say({
      type: 'subscribe',
      id: String(id),
      payload: { query, variables: { job: log.job.id } },
    });
  }
  await expect.poll(() => server.liveLogs.counts.viewers).toBe(20);
  raw.socket.terminate();
  await expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
  expect(server.log.entries.filter(({ level }) => level >= logLevel.warn)).toEqual([]);
});

test('searches of many streams go on side by side, and others are served between', async () => {
  const raw = await openRawSocket(server.url);
  const query = `subscription ($job: ID!, $regex: String!) { logStream(jobId: $job, filter: { regex: $regex }) { nextOffset complete } }`;
  for (let id = 0; id < 50; id += 1) {
    const variables = { job: log.job.id, regex: `nothing-${id}|y{${id + 1}}z` };
    raw.say({ type: 'subscribe', id: String(id), payload: { query, variables } });
  }
  await expect.poll(() => server.liveLogs.counts.viewers).toBe(50);
  // Each of these would wait for a whole search, were that done in one go.
  for (let asked = 0; asked < 20; asked += 1) {
    await graphql(server.url, '{ jobs { totalCount } }');
  }
  expect(raw.heard.filter(({ type }) => type === 'complete').length).toBeLessThan(50);
  raw.socket.terminate();
  await expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
});
