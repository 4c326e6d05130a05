import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfiguredProvider } from '../../src/config/providers.ts';
import type { JobTimes } from '../../src/jobs/times.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql, serverSentEvents } from '../support/clients.ts';
import { openQueueingServer, type QueueingServer } from '../support/dialects/queueing-server.ts';
import type { ScriptedJob } from '../support/dialects/script.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';

let stack: AsyncDisposableStack;
let box: QueueingServer;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  box = await openQueueingServer();
  stack.defer(() => box.server.close());
});
afterEach(() => stack.disposeAsync());

async function openApp(
  options: {
    dataDir?: string;
    configured?: boolean;
    at?: QueueingServer;
    jobTimes?: Partial<JobTimes>;
  } = {},
): Promise<TestApp> {
  const { configured = true, at = box, jobTimes, ...rest } = options;
  const provider: ConfiguredProvider = {
    name: 'box',
    open: async ({ logger }) =>
      openLocalProvider({
        name: 'box',
        url: at.server.url,
        apiKey: null,
        pollMs: 50,
        slowPagesMs: 100,
        recipes: null,
        defaultsOf: () => dialectDefaults,
        logger,
      }),
  };
  return stack.use(
    await openTestApp({
      ...rest,
      jobTimes: { lostAfterMs: 500, firstRestMs: 20, storePollMs: 100, ...jobTimes },
      embeddedTrainer: null,
      providers: configured ? [provider] : [],
    }),
  );
}

async function cancel({ url }: TestApp, jobId: string, force = false) {
  const query =
    'mutation ($input: CancelJobInput!) { cancelJob(input: $input) { job { status } } }';
  return graphql(url, query, { input: { jobId, force } });
}

/** The job when it is over and its log complete. */
async function ended({ url }: TestApp, id: string) {
  const changes = 'subscription ($id: ID!) { jobUpdated(id: $id) { status } }';
  for await (const { errors } of serverSentEvents(url, changes, { id })) {
    if (errors) throw new Error(JSON.stringify(errors));
  }
  const query =
    'query ($id: ID!) { job(id: $id) { status failure { message } logs { lines complete } } }';
  const { data } = await graphql(url, query, { id });
  return data.job;
}

async function scripted(id: string): Promise<ScriptedJob> {
  await expect.poll(() => box.jobs.has(id)).toBe(true);
  return box.jobs.get(id) as ScriptedJob;
}

const callsOf = (route: RegExp) => box.server.calls.filter((call) => route.test(call)).length;

/** A job that the box runs, whose deploy's answer is lost, and which was cancelled before that. */
async function cancelledWhileUnknown(app: TestApp, beforeLoss = () => {}): Promise<string> {
  const answer = Promise.withResolvers<void>();
  box.server.fail({ on: /execute/, times: 1, act: { answerAfter: answer.promise } });
  const deploying = deploy(app.url, { provider: 'box' });
  await expect.poll(() => box.jobs.size).toBe(1);
  const [id = ''] = box.jobs.keys();
  expect((await cancel(app, id)).data.cancelJob.job.status).toBe('CANCELLED');
  beforeLoss();
  answer.reject(new Error('lost'));
  await deploying;
  return id;
}

describe('a job that was cancelled while it was deployed', () => {
  test('is sought and ended where the answer was lost', async () => {
    const app = await openApp();
    const id = await cancelledWhileUnknown(app);
    const running = await scripted(id);
    expect(await ended(app, id)).toMatchObject({ status: 'CANCELLED', failure: null });
    expect(running.isOver).toBe(true);
  });

  test('is sought again after a restart', async () => {
    const { path: dataDir } = stack.use(await openFolder());
    const app = await openApp({ dataDir });
    let show = () => {};
    const id = await cancelledWhileUnknown(app, () => {
      show = box.server.fail({ on: /status/, act: { status: 503, body: null } });
    });
    await app.close();
    show();
    const again = await openApp({ dataDir });
    expect(await ended(again, id)).toMatchObject({ status: 'CANCELLED' });
    expect((await scripted(id)).isOver).toBe(true);
  });

  test('is followed to its end where the server does not end it', async () => {
    const app = await openApp();
    box.server.fail({ on: /cancel/, act: { status: 400, body: { detail: 'not now' } } });
    const id = await cancelledWhileUnknown(app);
    const running = await scripted(id);
    await expect.poll(() => callsOf(/cancel/)).toBe(1);
    running.emit(['it runs on']);
    await expect.poll(() => callsOf(/logs/)).toBeGreaterThan(2);
    running.finish('failed', { exitCode: 1 });
    const { status, failure, logs } = await ended(app, id);
    expect({ status, failure, logs }).toEqual({
      status: 'CANCELLED',
      failure: null,
      logs: { lines: ['it runs on'], complete: true },
    });
    expect(callsOf(/cancel/)).toBe(1);
  });

  test('comes to its end where the server knows nothing of it', async () => {
    const app = await openApp();
    const gone = { status: 404, body: { detail: 'no such job' } };
    box.server.fail({ on: /cancel/, act: gone });
    const id = await cancelledWhileUnknown(app);
    await expect.poll(() => callsOf(/cancel/)).toBe(1);
    box.server.fail({ on: /status|logs/, act: gone });
    expect(await ended(app, id)).toMatchObject({ status: 'CANCELLED', logs: { complete: true } });
  });
});

test('an end that is heard while its cancel is under way is that of the cancel', async () => {
  const app = await openApp();
  const id = await deploy(app.url, { provider: 'box' });
  const running = await scripted(id);
  const answer = Promise.withResolvers<void>();
  box.server.fail({ on: /cancel/, act: { answerAfter: answer.promise } });
  const cancelling = cancel(app, id);
  // The server's own monitor overwrites what the cancel did.
  await expect.poll(() => running.status).toBe('failed');
  const asked = callsOf(/status/);
  await expect.poll(() => callsOf(/status/)).toBeGreaterThan(asked);
  answer.resolve();
  expect((await cancelling).errors).toBeUndefined();
  expect(await ended(app, id)).toMatchObject({ status: 'CANCELLED', failure: null });
});

test('a log that the server denies for a while is captured from its first line', async () => {
  const app = await openApp();
  const body = { detail: 'no log yet' };
  const takeBack = box.server.fail({ on: /logs/, act: { status: 404, body } });
  const id = await deploy(app.url, { provider: 'box' });
  const running = await scripted(id);
  running.emit(['first', 'second']);
  await expect.poll(() => callsOf(/logs/)).toBeGreaterThan(1);
  takeBack();
  running.finish('completed');
  expect(await ended(app, id)).toMatchObject({
    status: 'COMPLETED',
    logs: { lines: ['first', 'second'], complete: true },
  });
});

describe('a job of a provider that is somewhere else now', () => {
  let dataDir = '';
  let id = '';
  let elsewhere: TestApp;
  beforeEach(async () => {
    ({ path: dataDir } = stack.use(await openFolder()));
    const app = await openApp({ dataDir });
    id = await deploy(app.url, { provider: 'box' });
    (await scripted(id)).emit(['before']);
    await app.close();
    const other = await openQueueingServer();
    stack.defer(() => other.server.close());
    elsewhere = await openApp({ dataDir, at: other });
    const query =
      'query ($id: ID!) { job(id: $id) { status stale } logs(jobId: $id) { notice { code message } } }';
    const known = async () => (await graphql(elsewhere.url, query, { id })).data;
    await expect.poll(known).toMatchObject({
      job: { status: expect.not.stringContaining('LOST'), stale: true },
      logs: {
        notice: {
          code: 'JOB_UNKNOWN_TO_PROVIDER',
          message: `The job ${id} was deployed to ${box.server.url}; the provider box is now ${other.server.url}, which does not know it`,
        },
      },
    });
  });

  test('is not lost: it goes on when the provider is set back', async () => {
    await elsewhere.close();
    const back = await openApp({ dataDir });
    const running = await scripted(id);
    running.emit(['after']);
    running.finish('completed');
    expect(await ended(back, id)).toMatchObject({
      status: 'COMPLETED',
      logs: { lines: ['before', 'after'] },
    });
  });

  test('can be let go by force', async () => {
    expect((await cancel(elsewhere, id)).errors).toMatchObject([
      { extensions: { code: 'NOT_FOUND' } },
    ]);
    expect((await cancel(elsewhere, id, true)).data.cancelJob.job.status).toBe('LOST');
    expect(await ended(elsewhere, id)).toMatchObject({ status: 'LOST', logs: { complete: true } });
  });
});

describe('a job that is over, whose log is not drained', () => {
  const whole =
    'query ($id: ID!) { job(id: $id) { status logs { lines complete gaps { offset reason } notice { code message help } } } }';
  const known = async ({ url }: TestApp) => (await graphql(url, whole, { id })).data.job;
  const remove = ({ url }: TestApp) =>
    graphql(
      url,
      'mutation ($input: DeleteJobInput!) { deleteJob(input: $input) { deletedJobId } }',
      { input: { jobId: id } },
    );
  let dataDir = '';
  let id = '';
  let first: TestApp;
  let showLog = () => {};
  beforeEach(async () => {
    ({ path: dataDir } = stack.use(await openFolder()));
    first = await openApp({ dataDir });
    id = await deploy(first.url, { provider: 'box' });
    const running = await scripted(id);
    running.emit(['one']);
    await expect.poll(() => known(first)).toMatchObject({ logs: { lines: ['one'] } });
    showLog = box.server.fail({ on: /logs/, act: { status: 503, body: null } });
    running.emit(['two']);
    running.finish('completed');
    await expect.poll(() => known(first)).toMatchObject({ status: 'COMPLETED' });
  });

  test('waits where its provider is somewhere else now, says so, and goes on when it is set back', async () => {
    await first.close();
    const other = await openQueueingServer();
    stack.defer(() => other.server.close());
    const elsewhere = await openApp({ dataDir, at: other });
    other.server.fail({ on: /logs/, act: { status: 404, body: { detail: 'no such job' } } });
    await expect
      .poll(() => known(elsewhere))
      .toMatchObject({
        logs: {
          notice: {
            code: 'JOB_UNKNOWN_TO_PROVIDER',
            message: expect.stringContaining(`was deployed to ${box.server.url}`),
            help: expect.arrayContaining([expect.stringContaining('cancelJob with force')]),
          },
        },
      });
    // Denied for longer than what makes a log given up that is denied where it was written.
    const asked = other.server.calls.length;
    await expect.poll(() => other.server.calls.length).toBeGreaterThan(asked + 3);
    expect(await known(elsewhere)).toMatchObject({ logs: { complete: false, gaps: [] } });
    await elsewhere.close();
    showLog();
    const back = await openApp({ dataDir });
    expect(await ended(back, id)).toMatchObject({
      status: 'COMPLETED',
      logs: { lines: ['one', 'two'], complete: true },
    });
  });

  test('is completed by force where the box is gone for ever: with a gap, and then it can be deleted', async () => {
    await box.server.close();
    const following = ended(first, id);
    expect((await cancel(first, id)).errors).toMatchObject([
      { message: expect.stringContaining('by force'), extensions: { code: 'CONFLICT' } },
    ]);
    expect((await remove(first)).errors).toMatchObject([
      { message: expect.stringContaining('with force'), extensions: { code: 'CONFLICT' } },
    ]);
    expect((await cancel(first, id, true)).data.cancelJob.job.status).toBe('COMPLETED');
    expect(await following).toMatchObject({ logs: { lines: ['one'], complete: true } });
    expect(await known(first)).toMatchObject({
      logs: { gaps: [{ offset: 1, reason: expect.stringContaining('given up by force') }] },
    });
    expect((await cancel(first, id, true)).errors).toMatchObject([
      { extensions: { code: 'CONFLICT' } },
    ]);
    expect((await remove(first)).errors).toBeUndefined();
  });

  test('is completed by force where its provider is not configured any more', async () => {
    await first.close();
    const without = await openApp({ dataDir, configured: false });
    expect((await cancel(without, id, true)).data.cancelJob.job.status).toBe('COMPLETED');
    expect(await known(without)).toMatchObject({
      logs: { lines: ['one'], complete: true, gaps: [{ offset: 1 }] },
    });
  });

  test('has a gap where the box itself has forgotten it', async () => {
    await first.close();
    showLog();
    box.server.fail({ on: /status|logs/, act: { status: 404, body: { detail: 'no such job' } } });
    const again = await openApp({ dataDir });
    await ended(again, id);
    expect(await known(again)).toMatchObject({
      status: 'COMPLETED',
      logs: {
        complete: true,
        gaps: [{ offset: 1, reason: expect.stringContaining('no longer has') }],
      },
    });
  });
});

test('a cancel whose server did not live to hear the answer is carried through by the next one', async () => {
  const { path: dataDir } = stack.use(await openFolder());
  const app = await openApp({ dataDir });
  const id = await deploy(app.url, { provider: 'box' });
  const running = await scripted(id);
  await app.close();
  const store = await openSqliteStore({ dataDir });
  await store.jobs.update(id, () => ({ cancelRequestedAt: 5, cancelByForce: true }));
  await store.close();
  const again = await openApp({ dataDir, jobTimes: { cancelAnswerMs: 100 } });
  expect(await ended(again, id)).toMatchObject({ status: 'CANCELLED', failure: null });
  expect(running.isOver).toBe(true);
  expect(callsOf(/POST.*cancel/)).toBe(1);
});

test('a job whose provider is not configured any more can be let go by force, and deleted', async () => {
  const { path: dataDir } = stack.use(await openFolder());
  const app = await openApp({ dataDir });
  const id = await deploy(app.url, { provider: 'box' });
  await app.close();
  const without = await openApp({ dataDir, configured: false });
  const { errors } = await cancel(without, id);
  expect(errors).toMatchObject([
    {
      message: expect.stringMatching(/box is not configured.* or let go of the job by force/),
      extensions: { code: 'PROVIDER_UNAVAILABLE' },
    },
  ]);
  expect((await cancel(without, id, true)).data.cancelJob.job.status).toBe('LOST');
  expect(await ended(without, id)).toMatchObject({
    status: 'LOST',
    failure: { message: expect.stringContaining('box is not configured') },
  });
  const query = 'mutation ($input: DeleteJobInput!) { deleteJob(input: $input) { deletedJobId } }';
  const { data } = await graphql(without.url, query, { input: { jobId: id } });
  expect(data.deleteJob.deletedJobId).toBe(id);
});

test('whoever follows a job that cannot be deployed is told why, and nothing more once it is', async () => {
  const app = await openApp();
  const takeBack = box.server.fail({
    on: /api/,
    act: { status: 401, body: { detail: 'Invalid API key' } },
  });
  const id = await deploy(app.url, { provider: 'box' });
  const query =
    'subscription ($id: ID!) { jobUpdated(id: $id) { stale logs(limit: 1) { notice { code message } } } }';
  const told: unknown[] = [];
  for await (const { data } of serverSentEvents(app.url, query, { id })) {
    const { stale, logs } = data.jobUpdated;
    if (stale && told.length === 0) {
      told.push(logs.notice);
      takeBack();
    } else if (!stale && told.length > 0) {
      expect(logs.notice).toBeNull();
      break;
    }
  }
  expect(told).toEqual([
    { code: 'NOT_DEPLOYED', message: expect.stringContaining('"Invalid API key" (401)') },
  ]);
  (await scripted(id)).finish('completed');
});

test('a server that asks for patience, in other words each time, is asked again no sooner', async () => {
  const words = ['one', 'two', 'three'].map((word) => ({
    status: 503,
    body: { detail: `busy, request ${word}` },
    headers: { 'retry-after': '3600' },
  }));
  for (const act of words) box.server.fail({ on: /status|execute/, times: 1, act });
  const app = await openApp();
  const id = await deploy(app.url, { provider: 'box' });
  const asked = () => callsOf(new RegExp(`${id}|execute`));
  // What it has said is saved, which must not end the rest.
  for (let turn = 0; turn < 20; turn += 1) {
    await graphql(app.url, '{ jobs { totalCount } }');
    expect(asked()).toBe(1);
  }
  expect((await cancel(app, id)).data.cancelJob.job.status).toBe('CANCELLED');
});
