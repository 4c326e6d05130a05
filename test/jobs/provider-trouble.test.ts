import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfiguredProvider } from '../../src/config/providers.ts';
import { jobTimes } from '../../src/jobs/times.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import type { Fault } from '../support/dialects/http.ts';
import { openQueueingServer, type QueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';

const lostAfterMs = 300;
let stack: AsyncDisposableStack;
let ill: QueueingServer;
let well: QueueingServer;
let app: TestApp;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  [ill, well] = await Promise.all([openQueueingServer(), openQueueingServer()]);
  stack.defer(() => ill.server.close());
  stack.defer(() => well.server.close());
  app = stack.use(
    await openTestApp({
      jobTimes: { lostAfterMs, staleAfterMs: 200, firstRestMs: 20 },
      embeddedTrainer: null,
      providers: [providerOf('ill', ill), providerOf('well', well)],
    }),
  );
});
afterEach(() => stack.disposeAsync());

function providerOf(name: string, { server }: QueueingServer): ConfiguredProvider {
  const timeouts = { headersMs: 300, bodyMs: 300 };
  const options = { name, url: server.url, apiKey: null, recipes: null, pollMs: 50, timeouts };
  return {
    name,
    open: async () => openLocalProvider({ ...options, defaultsOf: () => dialectDefaults }),
  };
}

async function jobOf(id: string) {
  const fields = 'status stale failure { message } logs { lines complete gaps { reason } }';
  return (await graphql(app.url, `{ job(id: "${id}") { ${fields} } }`)).data.job;
}

describe('a provider that is in trouble, while its job runs', () => {
  const troubles: [string, Fault['act']][] = [
    ['answers HTTP 500', { status: 500, body: { detail: 'Internal Server Error' } }],
    ['answers HTTP 503', { status: 503, body: null }],
    ['refuses', { status: 403, body: { detail: 'Forbidden' } }],
    ['asks for patience', { status: 429, body: null, headers: { 'retry-after': '0' } }],
    ['does not answer', 'hang'],
    ['answers garbage', 'garbage'],
    ['answers without end', 'endless'],
    ['breaks its answers off', 'cut'],
  ];

  test.each(troubles)(
    'leaves it as it was, stale, and harms no other: one that %s',
    async (_, act) => {
      const id = await deploy(app.url, { provider: 'ill' });
      const other = await deploy(app.url, { provider: 'well' });
      ill.jobs.get(id)?.emit(['one', 'two']);
      await expect.poll(() => jobOf(id)).toMatchObject({ logs: { lines: ['one', 'two'] } });

      const begun = performance.now();
      const takeBack = ill.server.fail({ on: /./, act });
      ill.jobs.get(id)?.emit(['three']);
      await expect.poll(() => jobOf(id)).toMatchObject({ stale: true });
      // The other provider's job is followed from its first line to its end meanwhile.
      well.jobs.get(other)?.emit(['mine']);
      await expect
        .poll(() => jobOf(other))
        .toMatchObject({ stale: false, logs: { lines: ['mine'] } });
      well.jobs.get(other)?.finish('completed', { exitCode: 0 });
      await expect
        .poll(() => jobOf(other))
        .toMatchObject({ status: 'COMPLETED', stale: false, logs: { complete: true, gaps: [] } });
      // For longer than a job that is denied stays, and by several more calls.
      const calls = ill.server.calls.length;
      await expect.poll(() => performance.now() - begun).toBeGreaterThan(2 * lostAfterMs);
      await expect.poll(() => ill.server.calls.length).toBeGreaterThan(calls + 2);
      expect(await jobOf(id)).toMatchObject({
        status: 'RUNNING',
        stale: true,
        failure: null,
        logs: { lines: ['one', 'two'], complete: false, gaps: [] },
      });

      takeBack();
      ill.jobs.get(id)?.finish('completed', { exitCode: 0 });
      await expect
        .poll(() => jobOf(id), { timeout: 30_000 })
        .toMatchObject({
          status: 'COMPLETED',
          stale: false,
          logs: { lines: ['one', 'two', 'three'], complete: true, gaps: [] },
        });
    },
  );
});

test('a job is said to be stale after ten seconds, and its log to be unreadable after eight', () => {
  expect(jobTimes).toMatchObject({ staleAfterMs: 10_000, logTroubleAfterMs: 8000 });
});

test('what is stored is read without asking a provider', async () => {
  const id = await deploy(app.url, { provider: 'ill' });
  ill.jobs.get(id)?.emit(['one', 'two']);
  await expect.poll(() => jobOf(id)).toMatchObject({ logs: { lines: ['one', 'two'] } });
  await ill.server.close();
  const calls = ill.server.calls.length;
  const { data } = await graphql(app.url, `{ logs(jobId: "${id}") { lines } jobs { totalCount } }`);
  expect(data).toEqual({ logs: { lines: ['one', 'two'] }, jobs: { totalCount: 1 } });
  expect(ill.server.calls.length).toBe(calls);
});
