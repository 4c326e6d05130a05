import { type FollowOptions, followLog } from '@trainyard/client';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { createRandom } from '../../examples/tiny-lm/random.ts';
import { graphSocket } from '../support/clients.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openLossyGateway } from '../support/lossy-gateway.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

const retry = { firstMs: 5, maxMs: 20 };

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

/** An ended log of so many numbered lines. */
async function openEndedLog(server: TestServer, total: number): Promise<string> {
  const log = await server.openLog();
  for (let at = 0; at < total; at += 5000) {
    await log.print(...numbered(at, Math.min(total, at + 5000)));
  }
  await log.end();
  return log.job.id;
}

async function linesOf(options: FollowOptions & { entries?: false }): Promise<string[]> {
  const lines: string[] = [];
  let complete = false;
  for await (const page of followLog({ retry, ...options })) {
    expect(complete).toBe(false);
    lines.push(...page.lines);
    complete = page.complete;
  }
  expect(complete).toBe(true);
  return lines;
}

test('follows a log from before its first line to its end', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  const pages = followLog({ client, jobId: log.job.id });
  const empty = await pages.next();
  await log.print('line 0', 'line 1');
  const first = await pages.next();
  await log.end();
  const last = await pages.next();
  expect([empty.value, first.value, last.value]).toMatchObject([
    { lines: [], offset: 0, complete: false },
    { lines: ['line 0', 'line 1'], nextOffset: 2, complete: false },
    { lines: [], offset: 2, complete: true },
  ]);
  expect(await pages.next()).toEqual({ done: true, value: undefined });
});

test('every line comes once and in order, although the connection is cut 100 times', async ({
  onTestFailed,
}) => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
  onTestFailed(() => console.error(`again with TEST_SEED=${seed}`));
  const random = createRandom(seed);
  await using server = await openTestServer();
  const log = await server.openLog();
  let printed = 0;
  const printMore = async () => {
    if (printed === 100_000) return;
    printed += 500;
    await log.print(...numbered(printed - 500, printed));
    if (printed === 100_000) await log.end();
  };
  let connections = 0;
  await using proxy = await openCuttingProxy(server.url, () => {
    connections += 1;
    // A page has up to 17 KB: some connections break before the first one, some after several.
    return connections <= 100 ? 1 + Math.floor(random() * 24_000) : Number.POSITIVE_INFINITY;
  });
  using client = graphSocket(proxy.url);
  const seen: string[] = [];
  for await (const page of followLog({ client, jobId: log.job.id, retry })) {
    seen.push(...page.lines);
    await printMore();
    if (page.complete) break;
  }
  expect(seen).toEqual(numbered(0, 100_000));
  expect(proxy.cuts).toBe(100);
});

test('goes on at the right line where the client reconnects by itself', async () => {
  await using server = await openTestServer();
  await using proxy = await openCuttingProxy(server.url);
  const client = createClient({
    url: `${proxy.url.replace('http', 'ws')}/graphql`,
    retryAttempts: 100,
    shouldRetry: () => true,
    retryWait: async () => {},
  });
  const log = await server.openLog();
  await log.print(...numbered(0, 3000));
  const seen: string[] = [];
  const offsets: number[] = [];
  client.on('message', (message) => {
    if (message.type === 'next') offsets.push(Object(message.payload.data?.logStream).offset);
  });
  for await (const page of followLog({ client, jobId: log.job.id, retry })) {
    seen.push(...page.lines);
    if (page.nextOffset === 3000) {
      proxy.cut();
      await log.print('line 3000');
      await log.end();
    }
  }
  await client.dispose();
  expect(seen).toEqual(numbered(0, 3001));
  expect(offsets.slice(0, 3)).toEqual([0, 1000, 2000]);
  expect(Math.min(...offsets.slice(3))).toBe(3000);
});

test('reads again what a gateway has dropped, and drops what it repeats', async () => {
  await using server = await openTestServer();
  const jobId = await openEndedLog(server, 20_000);
  const fates = {
    1000: 'drop',
    2000: 'drop',
    4000: 'repeat',
    7000: 'drop',
    9000: 'repeat',
  } as const;
  const met = new Set<number>();
  await using gateway = await openLossyGateway(server.url, ({ logStream: { offset } }) => {
    met.add(offset);
    return fates[offset as keyof typeof fates] ?? 'pass';
  });
  using client = graphSocket(gateway.url);
  expect(await linesOf({ client, jobId })).toEqual(numbered(0, 20_000));
  expect([...met]).toEqual(Array.from({ length: 20 }, (_, page) => page * 1000));
});

test('a gateway that loses the end of a log is asked for it again', async () => {
  await using server = await openTestServer();
  const jobId = await openEndedLog(server, 2000);
  let losses = 3;
  await using gateway = await openLossyGateway(server.url, ({ logStream: { nextOffset } }) => {
    if (nextOffset < 2000 || losses === 0) return 'pass';
    losses -= 1;
    return 'drop';
  });
  using client = graphSocket(gateway.url);
  expect(await linesOf({ client, jobId })).toEqual(numbered(0, 2000));
  expect(losses).toBe(0);
});

test('with a filter, each matching line comes once, with its own number', async () => {
  await using server = await openTestServer();
  const jobId = await openEndedLog(server, 30_000);
  await using gateway = await openLossyGateway(server.url, ({ logStream: { offset } }) =>
    offset > 0 && offset % 3 === 0 ? 'drop' : offset % 3 === 1 ? 'repeat' : 'pass',
  );
  using client = graphSocket(gateway.url);
  const offsets: number[] = [];
  const filter = { regex: '7$' };
  for await (const page of followLog({ client, jobId, filter, entries: true, retry })) {
    offsets.push(...page.entries.map(({ offset }) => offset));
  }
  expect(offsets).toEqual(Array.from({ length: 3000 }, (_, index) => index * 10 + 7));
});

test('tells of lines lost at the source once, wherever pages begin', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  await log.print('line 0', 'line 1');
  const pages = followLog({ client, jobId: log.job.id });
  const gaps = (await pages.next()).value?.gaps ?? [];
  for (const reason of ['the pod was away', 'the pod was away again']) {
    await server.store.logs.append(log.lease, {
      lines: ['a line after a gap'],
      runs: [{ count: 1, time: Date.now(), source: null }],
      cursor: null,
      collectorState: null,
      gaps: [
        { before: 0, reason },
        { before: 1, reason: `${reason}, then it ended` },
      ],
    });
    await log.print();
    gaps.push(...((await pages.next()).value?.gaps ?? []));
  }
  await pages.return();
  expect(gaps).toEqual([
    { offset: 2, reason: 'the pod was away' },
    { offset: 3, reason: 'the pod was away, then it ended' },
    { offset: 3, reason: 'the pod was away again' },
    { offset: 4, reason: 'the pod was away again, then it ended' },
  ]);
});

test('a negative offset counts from the end', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const jobId = await openEndedLog(server, 1000);
  expect(await linesOf({ client, jobId, offset: -3 })).toEqual(numbered(997, 1000));
});

test('a slow reader is not pushed: what it cannot take is dropped and read later', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  // Six times as much as may wait.
  const text = 'x'.repeat(8000);
  const lines = Array.from({ length: 6000 }, (_, index) => `${index} ${text}`);
  for (let at = 0; at < lines.length; at += 500) await log.print(...lines.slice(at, at + 500));
  await log.end();
  let pushed = 0;
  client.on('message', (message) => {
    if (message.type === 'next') pushed += 1;
  });
  const pages = followLog({ client, jobId: log.job.id, retry });
  const seen = [...((await pages.next()).value?.lines ?? [])];
  await expect.poll(() => server.liveLogs.counts.viewers).toBe(0);
  const pushedAtOnce = pushed;
  for await (const page of pages) seen.push(...page.lines);
  expect(seen).toEqual(lines);
  expect(pushedAtOnce).toBeLessThan(pushed - 2);
});

test('pages that a reader lets wait are joined, up to a thousand lines', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  let received = 0;
  client.on('message', ({ type }) => {
    if (type === 'next') received += 1;
  });
  const pages = followLog({ client, jobId: log.job.id });
  await pages.next();
  for (let at = 0; at < 1500; at += 100) {
    await log.print(...numbered(at, at + 100));
    await expect.poll(() => received).toBe(2 + at / 100);
  }
  await log.end();
  await expect.poll(() => received).toBe(17);
  const joined: number[] = [];
  for await (const { lines } of pages) joined.push(lines.length);
  expect(joined).toEqual([1000, 500]);
});

test.for([
  ['a job that does not exist', { jobId: 'nobody' }, 'NOT_FOUND'],
  ['a wrong regular expression', { filter: { regex: '(' } }, 'BAD_USER_INPUT'],
] as const)('%s rejects at once', async ([, options, code]) => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  const pages = followLog({ client, jobId: log.job.id, ...options });
  await expect(pages.next()).rejects.toMatchObject({ name: 'GraphError', code });
});

test('a wrong token rejects at once, even where the client would try it again', async () => {
  await using server = await openTestServer({ tokens: ['secret-token-of-this-test'] });
  const log = await server.openLog();
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: 'Bearer wrong' },
    retryWait: () => new Promise(() => {}),
  });
  const pages = followLog({ client, jobId: log.job.id });
  await expect(pages.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a server that is away is tried again until it is back', async () => {
  let away = true;
  await using server = await openTestServer();
  const jobId = await openEndedLog(server, 10);
  await using proxy = await openCuttingProxy(server.url, () =>
    away ? 0 : Number.POSITIVE_INFINITY,
  );
  using client = graphSocket(proxy.url);
  const failures: string[] = [];
  const onRetry: FollowOptions['onRetry'] = ({ error }) => {
    failures.push(error.code);
    away = failures.length < 3;
  };
  expect(await linesOf({ client, jobId, onRetry })).toEqual(numbered(0, 10));
  expect(failures).toEqual(['DISCONNECTED', 'DISCONNECTED', 'DISCONNECTED']);
});

test('leaving the loop and the signal both end it and unsubscribe', async () => {
  await using server = await openTestServer();
  using client = graphSocket(server.url);
  const log = await server.openLog();
  await log.print('line 0');
  for await (const _page of followLog({ client, jobId: log.job.id })) break;
  const stop = new AbortController();
  const pages = followLog({ client, jobId: log.job.id, signal: stop.signal });
  await pages.next();
  const parked = pages.next();
  stop.abort();
  expect(await parked).toEqual({ done: true, value: undefined });
  await expect.poll(() => server.liveLogs.counts.viewers).toBe(0);
});
