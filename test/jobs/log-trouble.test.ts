import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer, type QueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';

let stack: AsyncDisposableStack;
let box: QueueingServer;
let app: TestApp;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  box = await openQueueingServer();
  stack.defer(() => box.server.close());
  const { url } = box.server;
  const local = { name: 'box', url, apiKey: null, recipes: null };
  app = stack.use(
    await openTestApp({
      jobTimes: { logTroubleAfterMs: 300 },
      embeddedTrainer: null,
      providers: [
        {
          name: 'box',
          open: async ({ logger }) =>
            openLocalProvider({ ...local, defaultsOf: () => dialectDefaults, logger }),
        },
      ],
    }),
  );
});
afterEach(() => stack.disposeAsync());

async function jobNow(id: string) {
  const { data } = await graphql(
    app.url,
    `query ($id: ID!) {
      job(id: $id) { status stale logs { lines complete gaps { reason } notice { code message help } } }
    }`,
    { id },
  );
  return data.job;
}

test.each([
  ['500', { status: 500, body: { detail: 'Disk on fire' } }, 'Disk on fire'],
  ['403', { status: 403, body: null }, '403'],
])(
  'a log that is answered with %s alone is told, and goes on without loss',
  async (_, answer, words) => {
    const id = await deploy(app.url, { provider: 'box' });
    await expect.poll(() => box.jobs.has(id)).toBe(true);
    box.jobs.get(id)?.emit(['one']);
    await expect.poll(async () => (await jobNow(id)).logs.lines).toEqual(['one']);
    const takeBack = box.server.fail({ on: /logs/, act: answer });
    box.jobs.get(id)?.emit(['two']);
    await expect.poll(async () => (await jobNow(id)).stale).toBe(true);
    const { status, logs } = await jobNow(id);
    expect(status).toBe('RUNNING');
    expect(logs.notice.message).toContain(words);
    // A job that is over waits for its log, and says so.
    box.jobs.get(id)?.finish('completed', { exitCode: 0 });
    await expect
      .poll(() => jobNow(id))
      .toMatchObject({
        status: 'COMPLETED',
        logs: {
          lines: ['one'],
          complete: false,
          notice: { message: expect.stringContaining(words) },
        },
      });
    takeBack();
    await expect
      .poll(() => jobNow(id))
      .toMatchObject({
        status: 'COMPLETED',
        stale: false,
        logs: { lines: ['one', 'two'], complete: true, gaps: [], notice: null },
      });
  },
);
