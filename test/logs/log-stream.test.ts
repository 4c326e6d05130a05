import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Turns } from '../../src/lib/async/turns.ts';
import { Pace } from '../../src/logs/read/pace.ts';
import {
  type GraphResult,
  graphql,
  graphSocket,
  serverSentEvents,
  subscribe,
} from '../support/clients.ts';
import { open, operation } from '../support/http.ts';
import { heldMiB } from '../support/memory.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';
import { replace } from '../support/replace.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

const query = `subscription ($job: ID!, $offset: Int) {
  logStream(jobId: $job, offset: $offset) { offset lines nextOffset hasMore complete }
}`;

interface Page {
  offset: number;
  lines: string[];
  nextOffset: number;
  complete: boolean;
}

type Follow = (url: string, variables: Record<string, unknown>) => AsyncIterable<GraphResult>;

async function* overSocket(url: string, variables: Record<string, unknown>) {
  using client = graphSocket(url);
  yield* subscribe(client, query, variables);
}

const overEvents: Follow = (url, variables) => serverSentEvents(url, query, variables);

const ways: [string, Follow][] = [
  ['graphql-ws', overSocket],
  ['server-sent events', overEvents],
];

/** Reads a stream to its end and checks that each page begins where the one before it ended. */
async function readAll(results: AsyncIterable<GraphResult>, took?: (page: Page) => void) {
  const lines: string[] = [];
  let last: Page | null = null;
  for await (const { data, errors } of results) {
    if (errors) throw new Error(JSON.stringify(errors));
    const page: Page = data.logStream;
    if (last) expect(page.offset).toBe(last.nextOffset);
    expect(page.nextOffset).toBe(page.offset + page.lines.length);
    expect(last?.complete ?? false).toBe(false);
    lines.push(...page.lines);
    last = page;
    took?.(page);
  }
  return { lines, last };
}

const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `line ${first + index}`);

let server: TestServer;
let log: TestLog;
beforeEach(async () => {
  server = await openTestServer();
  log = await server.openLog();
});
afterEach(() => server[Symbol.asyncDispose]());

const free = () => expect.poll(() => server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });

describe.each(ways)('a log over %s', (_name, follow) => {
  test('is replayed, then followed, and ends by itself, each line once', async () => {
    await log.print(...numbered(0, 2500));
    let printed = 2500;
    const printing = async () => {
      while (printed < 4000) {
        await log.print(...numbered(printed, 25));
        printed += 25;
      }
      await log.end();
    };
    let begun: Promise<void> | null = null;
    const { lines, last } = await readAll(follow(server.url, { job: log.job.id }), () => {
      begun ??= printing();
    });
    await begun;
    expect(lines).toEqual(numbered(0, 4000));
    expect(last).toMatchObject({ nextOffset: 4000, complete: true });
    await free();
  });

  test('is resumed where a reader left off, and begun near its end', async () => {
    await log.print(...numbered(0, 100));
    await log.end();
    const read = (offset: number) => readAll(follow(server.url, { job: log.job.id, offset }));
    expect((await read(40)).lines).toEqual(numbered(40, 60));
    expect((await read(-7)).lines).toEqual(numbered(93, 7));
    expect((await read(100)).last).toMatchObject({ lines: [], nextOffset: 100, complete: true });
  });

  test('frees what it held when its reader unsubscribes while nothing comes', async () => {
    await log.print('one');
    for await (const _page of follow(server.url, { job: log.job.id })) {
      expect(server.liveLogs.counts).toEqual({ logs: 1, viewers: 1 });
      break;
    }
    await free();
  });
});

test('frees what a lost socket held, however many logs it followed', async () => {
  const other = await server.openLog();
  const raw = await openRawSocket(server.url);
  for (const [id, { job }] of [log, other, log].entries()) {
    const payload = { query, variables: { job: job.id } };
    raw.say({ type: 'subscribe', id: String(id), payload });
  }
  await raw.hear(({ id }) => id === '2');
  expect(server.liveLogs.counts).toEqual({ logs: 2, viewers: 3 });
  raw.socket.terminate();
  await free();
});

test('frees what an event stream held whose connection is lost', async () => {
  const accept = 'text/event-stream';
  const asked = operation(query, { accept }, { variables: { job: log.job.id } });
  const response = await open(server.url, asked);
  await once(response, 'data');
  await expect.poll(() => server.liveLogs.counts.viewers).toBe(1);
  response.socket.resetAndDestroy();
  response.on('error', () => {});
  await free();
});

/** A server that counts how often its store's lines are read. */
function openCountingServer(reads: { count: number }): Promise<TestServer> {
  return openTestServer({
    wrapStore: (store) => ({
      ...store,
      logs: replace(store.logs, {
        read: (...args) => {
          reads.count += 1;
          return store.logs.read(...args);
        },
      }),
    }),
  });
}

test('two hundred viewers of one job share one reader of the store', async () => {
  const reads = { count: 0 };
  await using counted = await openCountingServer(reads);
  const shared = await counted.openLog();
  await shared.print('begin');
  using clients = new DisposableStack();
  let waiting = 200;
  const all = Promise.withResolvers<void>();
  const viewers = Array.from({ length: 40 }, () => clients.use(graphSocket(counted.url))).flatMap(
    (client) =>
      Array.from({ length: 5 }, () => {
        let begun = false;
        return readAll(subscribe(client, query, { job: shared.job.id }), () => {
          if (begun) return;
          begun = true;
          waiting -= 1;
          if (waiting === 0) all.resolve();
        });
      }),
  );
  await all.promise;
  expect(counted.liveLogs.counts).toEqual({ logs: 1, viewers: 200 });
  reads.count = 0;
  for (let n = 0; n < 50; n += 1) await shared.print(`line ${n}`);
  await shared.end();
  const texts = (await Promise.all(viewers)).map(({ lines }) => lines.join());
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]?.split(',')).toHaveLength(51);
  // Each advance is read once for all, and once more by whoever is behind.
  expect(reads.count).toBeLessThan(200);
});

test('viewers who lag, each elsewhere, meet at the same pages, and each still gets every line', async () => {
  const reads = { count: 0 };
  await using counted = await openCountingServer(reads);
  const lagging = await counted.openLog();
  const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line}`);
  await lagging.print(...lines);
  await lagging.end();
  const starts = Array.from({ length: 10 }, (_, viewer) => viewer * 137);
  // One page each, so that all of them are there before the first goes on.
  const turns = new Turns();
  const streams = starts.map((offset) =>
    counted.liveLogs.follow(lagging.job.id, { offset, pace: new Pace(turns) }),
  );
  const seen = await Promise.all(streams.map(async (stream) => [await stream.next()]));
  // One after the other, as far apart as can be.
  for (const [viewer, stream] of streams.entries()) {
    for await (const page of stream) seen[viewer]?.push({ done: false, value: page });
    const texts = seen[viewer]?.flatMap(({ value }) => value?.lines ?? []);
    expect(texts).toEqual(lines.slice(starts[viewer]));
  }
  // Ten beginnings, then twenty pages for all of them, some of which were read before it was known who lags.
  expect(reads.count).toBeLessThan(60);
});

describe('a viewer that never reads', () => {
  const line = 'x'.repeat(200);
  /** 40 MB of log in all. */
  const rounds = 40;
  const perRound = 5000;

  test('costs bounded memory, holds nobody up, and finds every line when it reads again', async () => {
    const stalled = await openRawSocket(server.url);
    const accept = 'text/event-stream';
    const asked = operation(query, { accept }, { variables: { job: log.job.id } });
    const stalledEvents = await open(server.url, asked);
    stalledEvents.pause();
    const payload = { query, variables: { job: log.job.id } };
    stalled.say({ type: 'subscribe', id: '1', payload });
    await stalled.hear(({ type }) => type === 'next');
    stalled.socket.pause();

    let seen = 0;
    const reading = readCount(overSocket(server.url, { job: log.job.id }), (count) => {
      seen = count;
    });
    const before = heldMiB();
    for (let round = 0; round < rounds; round += 1) {
      await log.print(...Array<string>(perRound).fill(line));
    }
    await log.end();
    await reading;
    expect(seen).toBe(rounds * perRound);
    expect(heldMiB() - before).toBeLessThan(25);
    const paged = await graphql(server.url, '{ jobs { totalCount } }');
    expect(paged.data.jobs.totalCount).toBe(1);

    stalled.socket.resume();
    await stalled.hear(({ type }) => type === 'complete');
    let next = 0;
    for (const { type, payload: heard } of stalled.heard) {
      if (type !== 'next') continue;
      expect(heard.data.logStream.offset).toBe(next);
      next = heard.data.logStream.nextOffset;
    }
    expect(next).toBe(rounds * perRound);
    stalledEvents.destroy();
    stalled.socket.terminate();
    await free();
  });
});

async function readCount(results: AsyncIterable<GraphResult>, count: (lines: number) => void) {
  for await (const { data } of results) count(data.logStream.nextOffset);
}

describe('when the server stops', () => {
  test('a socket is closed with 1001 and where to resume', async () => {
    await log.print('one');
    const raw = await openRawSocket(server.url);
    raw.say({ type: 'subscribe', id: '1', payload: { query, variables: { job: log.job.id } } });
    await raw.hear(({ type }) => type === 'next');
    await server.close();
    expect(await raw.closed).toEqual({
      code: 1001,
      reason: 'The server restarts: resume from the last nextOffset',
    });
    expect(raw.heard.some(({ type }) => type === 'complete')).toBe(false);
    await free();
  });

  test('an event stream ends without saying that it is complete', async () => {
    await log.print('one');
    const accept = 'text/event-stream';
    const asked = operation(query, { accept }, { variables: { job: log.job.id } });
    const response = await open(server.url, asked);
    let text = '';
    response.on('data', (data) => {
      text += data;
    });
    const ended = once(response, 'end');
    await expect.poll(() => text).toContain('"one"');
    await server.close();
    await ended;
    expect(text).toMatch(/\n: The server restarts. Resume from the last nextOffset.\n\n$/);
    expect(text).not.toContain('event: complete');
    await free();
  });

  test('one that never reads is not waited for', async () => {
    const raw = await openRawSocket(server.url);
    raw.socket.pause();
    raw.say({ type: 'subscribe', id: '1', payload: { query, variables: { job: log.job.id } } });
    await expect.poll(() => server.liveLogs.counts.viewers).toBe(1);
    await server.close();
    expect(server.liveLogs.counts).toEqual({ logs: 0, viewers: 0 });
    raw.socket.terminate();
  });
});

test('long lines come in small pages, so that a slow link is never silent for long', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  const long = Array.from({ length: 40 }, (_, n) => `${n} `.padEnd(60_000, 'x'));
  await log.print(...long);
  await log.end();
  for (const [, follow] of ways) {
    const sizes: number[] = [];
    const { lines } = await readAll(follow(server.url, { job: log.job.id }), (page) =>
      sizes.push(page.lines.join('').length),
    );
    expect(lines).toEqual(long);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024);
  }
});

test('a stream that costs too much is refused once, and ends', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  const jobs = 'jobs(first: 100) { edges { node { logs(limit: 5000) { lines } } } }';
  const costly = `subscription ($id: ID!) { jobUpdated(id: $id) { provider { ${jobs} } } }`;
  const results = await Array.fromAsync(serverSentEvents(server.url, costly, { id: job.id }));
  expect(results).toMatchObject([{ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
});
