import { afterEach, expect, test } from 'vitest';
import type { OpenedProvider } from '../../../src/core/provider-kind.ts';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import {
  type EventServer,
  endEvent,
  linesEvent,
  openEventServer,
} from '../../support/dialects/event-server.ts';
import { Follower, numbered, refOf } from '../follow.ts';

const { signal } = new AbortController();
const completed = { status: 'completed', exit_code: 0 };
let stack = new AsyncDisposableStack();

afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

interface Following {
  server: EventServer;
  provider: OpenedProvider;
  follow(cursor?: string | null): Follower;
}

async function serve(
  options: Parameters<typeof openEventServer>[0],
  timeouts: { silenceMs?: number } = {},
): Promise<Following> {
  const server = await openEventServer(options);
  stack.defer(() => server.server.close());
  const { url } = server.server;
  const provider = openLocalProvider({ name: 'box', url, apiKey: null, recipes: null, timeouts });
  stack.defer(() => provider.close());
  const ref = refOf('job-a');
  return {
    server,
    provider,
    follow: (cursor = null) => new Follower(provider.followLogs(ref, cursor, signal)),
  };
}

test('takes events however they are cut into bytes', async () => {
  const lines = ['first', 'zweite Zeile: äöü 🚂', ''];
  const bytes = Buffer.from(`: hello\n\n${linesEvent(0, lines)}${endEvent(3, completed)}`);
  const pieces = Array.from(bytes, (byte) => Buffer.of(byte));
  const { server, follow } = await serve({ streams: [pieces] });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual(lines);
  expect(follower.ended).toMatchObject({
    state: { status: 'COMPLETED', providerStatus: 'completed' },
  });
  expect(server.server.calls).toEqual(['GET /api/training/logs/job-a/stream?offset=0']);
});

test('asks for what follows its cursor', async () => {
  const { server, follow } = await serve({
    streams: [
      [linesEvent(0, ['a', 'b']), linesEvent(2, ['c']), 'cut'],
      [linesEvent(2, ['c', 'd']), endEvent(4, completed)],
    ],
  });
  const first = follow();
  await expect(first.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  expect(first.lines).toEqual(['a', 'b', 'c']);
  const resumed = follow(first.cursors.get(2));
  await resumed.done;
  expect(resumed.lines).toEqual(['c', 'd']);
  expect(server.openings[1]).toEqual({ offset: '2', lastEventId: '2' });
});

test('drops lines that it has already', async () => {
  const { follow } = await serve({
    streams: [
      [
        linesEvent(0, ['a', 'b', 'c']),
        linesEvent(1, ['b', 'c']),
        linesEvent(2, ['c', 'd']),
        endEvent(4, completed),
      ],
    ],
  });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual(['a', 'b', 'c', 'd']);
  expect(follower.gaps).toEqual([]);
});

test('reads by page what the stream left out', async () => {
  const log = numbered('line', 2600);
  const { follow } = await serve({
    log,
    streams: [
      [
        linesEvent(0, log.slice(0, 10)),
        linesEvent(2500, log.slice(2500, 2550)),
        endEvent(2600, completed),
      ],
    ],
  });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual(log);
  expect(follower.gaps).toEqual([]);
});

test('reports lines that the server has not got any more', async () => {
  const log = numbered('line', 30);
  const { follow } = await serve({
    log,
    kept: 15,
    streams: [
      [linesEvent(0, log.slice(0, 10)), linesEvent(20, log.slice(20, 25)), endEvent(40, completed)],
    ],
  });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual([...log.slice(0, 10), ...log.slice(15)]);
  expect(follower.gaps.map(({ offset }) => offset)).toEqual([10, 25]);
});

test('tells each gap that the server knows of once, at its line', async () => {
  const gap = (offset: number) => ({ offset, reason: `lost before ${offset}` });
  const { follow } = await serve({
    log: numbered('line', 20),
    kept: 10,
    streams: [
      [
        linesEvent(0, ['a', 'b', 'c'], { gaps: [gap(0), gap(2)] }),
        linesEvent(1, ['b', 'c', 'd'], { gaps: [gap(2), gap(3)] }),
        'cut',
      ],
      [
        linesEvent(10, ['k', 'l'], { gaps: [gap(10), gap(11)] }),
        endEvent(12, { ...completed, gaps: [gap(12)] }),
      ],
    ],
  });
  const first = follow();
  await expect(first.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  expect(first.lines).toEqual(['a', 'b', 'c', 'd']);
  expect(first.gaps).toEqual([gap(0), gap(2), gap(3)]);
  const resumed = follow(first.cursors.get(4));
  await resumed.done;
  expect(resumed.lines).toEqual(['k', 'l']);
  expect(resumed.gaps.map(({ reason }) => reason)).toEqual(
    [10, 11, 12].map((at) => gap(at).reason),
  );
  expect(resumed.gaps.map(({ offset }) => offset)).toEqual([0, 1, 2]);
});

test.each([
  ['no list', 'gone'],
  ['a list of something else', [{ line: 3 }]],
])('takes lines of a server whose gaps are %s', async (_, gaps) => {
  const { follow } = await serve({
    streams: [[linesEvent(0, ['a'], { gaps }), endEvent(1, completed)]],
  });
  const follower = follow();
  await follower.done;
  expect([follower.lines, follower.gaps]).toEqual([['a'], []]);
});

test('drops half an event at the end of a stream, and gets it whole from the next', async () => {
  const half = linesEvent(2, ['c']).slice(0, -1);
  const { server, follow } = await serve({
    streams: [
      [linesEvent(0, ['a', 'b']), half, 'end'],
      [linesEvent(2, ['c', 'd']), endEvent(4, completed)],
    ],
  });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual(['a', 'b', 'c', 'd']);
  expect(server.openings[1]).toEqual({ offset: '2', lastEventId: '2' });
});

test('gives up on a stream that ends again and again without a line', async () => {
  const { server, follow } = await serve({ streams: Array(10).fill(['end']) });
  const follower = follow();
  await expect(follower.done).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('again and again'),
  });
  expect(server.openings.length).toBe(4);
});

test('gives up on a stream that is silent for too long', async () => {
  const { follow } = await serve({ streams: [[linesEvent(0, ['a'])]] }, { silenceMs: 500 });
  const follower = follow();
  await expect(follower.done).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('silent for 0.5 s'),
  });
  expect(follower.lines).toEqual(['a']);
});

test.each([
  ['lines that are none', 'data: {"offset":1,"lines":"b"}\n\n'],
  ['no JSON', 'data: b\n\n'],
  ['half of it', 'data: {"offset":1,"li\n\n'],
  ['another word', 'data: "b"\n\n'],
])('an event that holds %s is read by page, and costs no other a line', async (_, nonsense) => {
  const log = ['a', 'b', 'c', 'd'];
  const unfinished = 'event: unfinished\ndata: nonsense\n\n';
  const events = linesEvent(0, ['a']) + nonsense + unfinished + linesEvent(2, ['c', 'd']);
  const { follow } = await serve({ streams: [[events, endEvent(4, completed)]], log });
  const follower = follow();
  await follower.done;
  expect(follower.lines).toEqual(log);
  expect(follower.gaps).toEqual([]);
  expect(follower.ended).toMatchObject({ state: { status: 'COMPLETED' } });
});

test('an end that says nonsense is none', async () => {
  const { follow } = await serve({
    streams: [[linesEvent(0, ['a']), 'event: end\ndata: bye\n\n']],
  });
  const follower = follow();
  await expect(follower.done).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  expect(follower.lines).toEqual(['a']);
});

test('refuses an event without end', async () => {
  const piece = `"${'x'.repeat(1024 * 1024)}",`;
  const { follow } = await serve({
    streams: [['data: {"offset":0,"lines":[', ...Array<string>(20).fill(piece)]],
  });
  await expect(follow().done).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('too long'),
  });
});

test('ends its stream when its reader leaves', async () => {
  const { server, provider } = await serve({ streams: [[linesEvent(0, ['a', 'b'])]] });
  for await (const batch of provider.followLogs(refOf('job-a'), null, signal)) {
    expect(batch.lines).toEqual(['a', 'b']);
    break;
  }
  await server.closed;
});

test('says nothing of a job that its server does not know', async () => {
  const { server, follow } = await serve({ streams: [] });
  const body = { error: 'There is no job job-a', code: 'NOT_FOUND' };
  server.server.fail({ on: /stream/, act: { status: 404, body } });
  await expect(follow().done).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('There is no job job-a'),
  });
});

test('an end below what has come already is refused, and nothing is dropped when it is asked again', async () => {
  const { follow } = await serve({
    streams: [
      [linesEvent(0, numbered('line', 460)), endEvent(100, completed)],
      [linesEvent(460, numbered('line', 7540, 460)), endEvent(8000, completed)],
    ],
  });
  const first = follow();
  await expect(first.done).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message: expect.stringContaining('has 100 lines, of which 460 came'),
  });
  expect(first.ended).toBeNull();
  const again = follow(first.cursors.get(460));
  await again.done;
  expect([...first.lines, ...again.lines]).toEqual(numbered('line', 8000));
});
