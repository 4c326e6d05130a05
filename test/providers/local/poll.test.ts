import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OpenedProvider } from '../../../src/core/provider-kind.ts';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import { openQueueingServer, type QueueingServer } from '../../support/dialects/queueing-server.ts';
import type { ScriptedJob } from '../../support/dialects/script.ts';
import { dialectDefaults } from '../../support/dialects/script.ts';
import { Follower, jobOf, numbered, refOf } from '../follow.ts';

// The stand-in keeps the last 10,000 lines, as the real servers do.

let foreign: QueueingServer;
let provider: OpenedProvider;
let job: ScriptedJob;
const { signal } = new AbortController();
const ref = refOf('job-a');

beforeEach(async () => {
  foreign = await openQueueingServer();
  const { url } = foreign.server;
  provider = openLocalProvider({
    name: 'box',
    url,
    apiKey: null,
    recipes: null,
    defaultsOf: () => dialectDefaults,
  });
  await provider.deploy(jobOf('job-a'), signal);
  job = foreign.jobs.get('job-a') ?? expect.unreachable();
});
afterEach(async () => {
  await provider.close();
  await foreign.server.close();
});

const follow = (cursor: string | null) => new Follower(provider.followLogs(ref, cursor, signal));

/** Reads what there is, and stops: the cursor after the last line. */
async function readUpTo(count: number, cursor: string | null = null): Promise<string> {
  const leaving = new AbortController();
  const follower = new Follower(provider.followLogs(ref, cursor, leaving.signal));
  await follower.reach(count);
  leaving.abort();
  await follower.done;
  return follower.cursors.get(count) ?? expect.unreachable();
}

test('keeps every line once while the server drops its oldest lines', async () => {
  const lines = numbered('step', 13_000);
  job.emit(lines.slice(0, 9800));
  const follower = follow(null);
  await follower.reach(9800);
  for (let at = 9800; at < lines.length; at += 400) {
    job.emit(lines.slice(at, at + 400));
    await follower.reach(at + 400);
  }
  job.finish('completed');
  await follower.done;
  expect(follower.lines).toEqual(lines);
  expect(follower.gaps).toEqual([]);
  expect(foreign.server.calls.filter((call) => call.includes('offset=-'))).toEqual([]);
});

for (const shift of [1, 16, 700, 4000, 9984]) {
  test(`finds its place again after ${shift} lines were dropped meanwhile`, async () => {
    const lines = numbered('step', 10_000 + shift);
    job.emit(lines.slice(0, 10_000));
    const cursor = await readUpTo(10_000);
    job.emit(lines.slice(10_000));
    job.finish('completed');
    const resumed = follow(cursor);
    await resumed.done;
    expect(resumed.lines).toEqual(lines.slice(10_000));
    expect(resumed.gaps).toEqual([]);
  });
}

test('reports a gap where its place was dropped, and goes on with what is there', async () => {
  const lines = numbered('step', 13_000);
  job.emit(lines.slice(0, 2000));
  const cursor = await readUpTo(2000);
  job.emit(lines.slice(2000));
  job.finish('completed');
  const resumed = follow(cursor);
  await resumed.done;
  expect(resumed.lines).toEqual(lines.slice(3000));
  expect(resumed.gaps).toEqual([{ offset: 0, reason: expect.stringContaining('newest lines') }]);
});

test('is not confused by lines that repeat', async () => {
  const lines = [...numbered('step', 5), ...Array<string>(2500).fill('same')];
  job.emit(lines.slice(0, 1300));
  const cursor = await readUpTo(1300);
  job.emit(lines.slice(1300));
  job.finish('completed');
  const resumed = follow(cursor);
  await resumed.done;
  expect(resumed.lines).toEqual(lines.slice(1300));
  expect(resumed.gaps).toEqual([]);
});

test('takes lines that were printed after the job was said to be over', async () => {
  job.emit(['first']);
  job.finish('failed', { error: 'out of memory', exitCode: 1 });
  const follower = follow(null);
  await follower.reach(1);
  job.emit(['last words']);
  await follower.done;
  expect(follower.lines).toEqual(['first', 'last words']);
  expect(follower.ended).toMatchObject({
    state: { status: 'FAILED', failure: { message: 'out of memory', exitCode: 1 } },
  });
});

test('takes the last words of a job that was called cancelled before its process ended', async () => {
  job.finish('cancelled');
  const follower = follow(null);
  await vi.waitFor(() => {
    expect(foreign.server.calls.slice(-1)[0]).toContain('/status/');
    expect(foreign.server.calls.length).toBeGreaterThan(3);
  });
  job.emit(['Received SIGTERM, saving a checkpoint']);
  await follower.done;
  expect(follower.lines).toEqual(['Received SIGTERM, saving a checkpoint']);
});

test('makes lines of entries that are none', async () => {
  job.emit(['one\n', 'two\r\nthree', 'nul\0', 'bar 50%\r', `long ${'x'.repeat(70_000)}`, 'next']);
  job.finish('completed');
  const follower = follow(null);
  await follower.done;
  const long = follower.lines.splice(5, 2);
  expect(follower.lines).toEqual(['one', 'two', 'three', 'nul␀', 'bar 50%\r', 'next']);
  expect(long).toEqual([
    expect.stringMatching(/^long x+ …\[continues\]$/),
    expect.stringMatching(/^\[continued\]… x+$/),
  ]);
});

for (const act of ['garbage', 'endless', 'cut', { status: 503, body: null }] as const) {
  test(`loses nothing to an answer that is ${JSON.stringify(act)}`, async () => {
    const lines = numbered('step', 2500);
    job.emit(lines);
    job.finish('completed');
    foreign.server.fail({ on: /logs\/job-a\?limit=1000&offset=9/, act, times: 1 });
    const follower = follow(null);
    await expect(follower.done).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: expect.stringMatching(/^Provider box could not read the log of job job-a: /),
    });
    expect(follower.lines).toEqual(lines.slice(0, 1000));
    const resumed = follow(follower.cursors.get(1000) ?? null);
    await resumed.done;
    expect(resumed.lines).toEqual(lines.slice(1000));
  });
}
