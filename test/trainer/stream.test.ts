import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type StreamEvent,
  startTrainer,
  type TestTrainer,
  type TrainerClient,
} from '../support/trainer/harness.ts';

let trainer: TestTrainer;
let client: TrainerClient;

beforeEach(async () => {
  trainer = await startTrainer({ heartbeatMs: 50 });
  client = trainer.client;
});
afterEach(async () => {
  await trainer[Symbol.asyncDispose]();
});

async function linesFrom(id: string, options: Parameters<TrainerClient['events']>[1]) {
  const lines: string[] = [];
  for await (const { event, data } of client.events(id, options)) {
    if (event === undefined) lines.push(...data.lines);
  }
  return lines;
}

test('sends what is there, then what comes, then how it ended', async () => {
  const goOn = path.join(trainer.dataDir, 'go-on');
  await client.run(
    'job',
    `echo a; echo b; until [ -e ${goOn} ]; do sleep 0.01; done; echo c; exit 3`,
  );
  await client.printed('job', 'b');
  const events: StreamEvent[] = [];
  for await (const event of client.events('job')) {
    events.push(event);
    if (event.id === '2') await appendFile(goOn, '');
  }
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(events).toEqual([
    { id: '2', event: undefined, data: { offset: 0, lines: ['a', 'b'], time } },
    { id: '3', event: undefined, data: { offset: 2, lines: ['c'], time } },
    {
      id: undefined,
      event: 'end',
      data: {
        total_lines: 3,
        status: 'failed',
        exit_code: 3,
        signal: null,
        error_message: 'the process ended with exit code 3',
      },
    },
  ]);
});

test('goes on after any event, at any offset, and from the end', async () => {
  await client.run('job', 'seq 0 2999');
  const all = (await client.over('job')).lines;
  expect(all).toHaveLength(3000);
  for (const id of ['0', '1', '1000', '2999', '3000']) {
    const resumed = await linesFrom('job', {
      headers: { 'last-event-id': id },
      query: '?offset=5',
    });
    expect(resumed).toEqual(all.slice(Number(id)));
  }
  expect(await linesFrom('job', { query: '?offset=1500' })).toEqual(all.slice(1500));
  expect(await linesFrom('job', { query: '?offset=-3' })).toEqual(['2997', '2998', '2999']);
  expect(await linesFrom('job', { query: '?offset=9999' })).toEqual([]);
  const sizes: number[] = [];
  for await (const { data } of client.events('job')) if (data.lines) sizes.push(data.lines.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
});

test('refuses an id that is no line', async () => {
  await client.run('job', 'true');
  const headers = { 'last-event-id': 'x' };
  expect((await client.get('/api/training/logs/job/stream', headers)).status).toBe(400);
  expect((await client.get('/api/training/logs/job/stream?offset=x')).status).toBe(400);
});

test('is resumed without loss or repetition when the server restarts', async () => {
  await client.run('job', 'i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); sleep 0.002; done');
  const lines: string[] = [];
  const follow = async () => {
    const headers = { 'last-event-id': String(lines.length) };
    for await (const { event, data } of client.events('job', { headers })) {
      if (event === 'end') return true;
      if (event !== undefined) continue;
      expect(data.offset).toBe(lines.length);
      lines.push(...data.lines);
    }
    return false;
  };
  const first = follow();
  await client.printed('job', '30');
  client = await trainer.restart();
  expect(await first).toBe(false);
  expect(await follow()).toBe(true);
  expect(lines).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
});

test('shows that it lives while a job is silent', async () => {
  await client.run('job', 'exec sleep 60');
  const asked = get(`${client.url}/api/training/logs/job/stream`);
  const [response] = await once(asked, 'response');
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (text.includes(': still here\n\n: still here\n\n')) break;
  }
  expect(text).toMatch(/^(: .*\n\n)+$/);
});

test('queues nothing for readers who do not read, and serves the others', async () => {
  await client.run('job', 'seq -f "%0100.0f" 1 300000'); // 30 MB
  expect((await client.over('job')).lines).toHaveLength(300_000);
  const before = process.memoryUsage().rss;
  const stalled = Array.from({ length: 40 }, () => connect(Number(new URL(client.url).port)));
  for (const socket of stalled) {
    socket.pause();
    socket.write('GET /api/training/logs/job/stream HTTP/1.1\r\nhost: localhost\r\n\r\n');
  }
  let count = 0;
  for await (const { data } of client.events('job')) count += data.lines?.length ?? 0;
  expect(count).toBe(300_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024); // of 1200 MB
  for (const socket of stalled) socket.destroy();
});

test('gives many readers of one job the same lines', async () => {
  await client.run(
    'job',
    'i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); done; sleep 0.1; seq 200 999',
  );
  const readers = await Promise.all(Array.from({ length: 50 }, () => linesFrom('job', {})));
  const expected = Array.from({ length: 1000 }, (_, n) => String(n));
  for (const lines of readers) expect(lines).toEqual(expected);
});

test('is refused beyond 256 at a time, and again possible when readers leave', async () => {
  await client.run('job', 'exec sleep 60');
  const route = '/api/training/logs/job/stream';
  const leaving = new AbortController();
  const { signal } = leaving;
  const streams = await Promise.all(
    Array.from({ length: 256 }, () => fetch(client.url + route, { signal })),
  );
  expect(streams.every((stream) => stream.status === 200)).toBe(true);
  expect(await client.get(route)).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  leaving.abort();
  await expect
    .poll(async () => {
      const again = await fetch(client.url + route);
      await again.body?.cancel();
      return again.status;
    })
    .toBe(200);
});

test('shows a line that the job goes on writing, once as often as it grows', async () => {
  const goOn = path.join(trainer.dataDir, 'go-on');
  await client.run('job', `printf 'Sure? '; until [ -e ${goOn} ]; do sleep 0.01; done; echo yes`);
  const events: Pick<StreamEvent, 'event' | 'data'>[] = [];
  for await (const { event, data } of client.events('job')) {
    events.push({ event, data });
    if (event === 'unfinished') await appendFile(goOn, '');
  }
  const time = expect.any(String);
  expect(events).toEqual([
    { event: 'unfinished', data: { offset: 0, text: 'Sure? ', time } },
    { event: undefined, data: { offset: 0, lines: ['Sure? yes'], time } },
    { event: 'end', data: expect.objectContaining({ total_lines: 1 }) },
  ]);
});
