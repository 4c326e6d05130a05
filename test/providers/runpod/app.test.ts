import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  openRunPodProvider,
  type RunPodProviderOptions,
} from '../../../src/providers/runpod/provider.ts';
import { openTestApp, type TestApp } from '../../support/app.ts';
import { deploy, graphql, serverSentEvents } from '../../support/clients.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import {
  openRunPodStandIn,
  type RunPodStandIn,
  type RunPodStandInOptions,
} from '../../support/runpod/server.ts';
import { apiKey, bashRecipe, printed, quickTimes } from './yard.ts';

const hundred = 'for n in {0..99}; do echo "line $n"; done';
const gate = 'until [ -e "$HOME/workspace/go" ]; do sleep 0.02; done';
const jobFields = `id status providerStatus externalId stale consoleUrl
  failure { message exitCode } cost { currency perHour accrued limit }
  logs(limit: 5000) { total complete gaps { offset reason } notice { code message url help }
    entries { text source } }`;

const cancel =
  'mutation ($id: ID!, $force: Boolean!) { cancelJob(input: { jobId: $id, force: $force }) { job { status } } }';

interface House {
  app: TestApp;
  standIn: RunPodStandIn;
}

type HouseOptions = Partial<RunPodProviderOptions> & { standIn?: Partial<RunPodStandInOptions> };

/** The real server with a RunPod provider, over a stand-in. */
async function openHouse(script: string, options: HouseOptions = {}): Promise<House> {
  const standIn = await openRunPodStandIn({
    apiKey,
    provisionMs: 1,
    startMs: 1,
    rateLimit: { perMinute: 100_000 },
    ...options.standIn,
  });
  onTestFinished(() => standIn.close());
  const app = await openServer(standIn, script, options);
  return { app, standIn };
}

async function openServer(
  standIn: RunPodStandIn,
  script: string,
  { standIn: _, ...options }: HouseOptions & { dataDir?: string } = {},
): Promise<TestApp> {
  const { dataDir, ...rest } = options;
  const provider: RunPodProviderOptions = {
    name: 'runpod',
    url: standIn.url,
    apiKey,
    keyName: 'RUNPOD_API_KEY',
    recipes: { default: bashRecipe(script) },
    recipeBase: process.cwd(),
    pollMs: 50,
    graceSeconds: 30,
    times: quickTimes,
    ...rest,
  };
  const open = async () => openRunPodProvider(provider);
  const overrides = { embeddedTrainer: null, providers: [{ name: provider.name, open }] };
  const app = await openTestApp(dataDir ? { ...overrides, dataDir } : overrides);
  onTestFinished(() => app[Symbol.asyncDispose]());
  return app;
}

async function jobOf({ url }: TestApp, id: string) {
  const { data } = await graphql(url, `query ($id: ID!) { job(id: $id) { ${jobFields} } }`, { id });
  return data.job;
}

/** The job when it is over and its log complete, as a subscription tells. */
async function ended(app: TestApp, id: string) {
  const query = 'subscription ($id: ID!) { jobUpdated(id: $id) { status } }';
  for await (const { errors } of serverSentEvents(app.url, query, { id })) {
    if (errors) throw new Error(JSON.stringify(errors));
  }
  return await jobOf(app, id);
}

function deployTo({ url }: TestApp, input: object = {}): Promise<string> {
  return deploy(url, { provider: 'runpod', ...input });
}

/** The container's own lines. */
function linesOf(job: { logs: { entries: { text: string; source: string | null }[] } }): string[] {
  return job.logs.entries.filter(({ source }) => source === null).map(({ text }) => text);
}

async function onlyPod(standIn: RunPodStandIn): Promise<Pod> {
  await standIn.until(() => standIn.pods().length > 0);
  const [pod] = standIn.pods();
  if (!pod) throw new Error('there is no pod');
  return pod;
}

async function open(pod: Pod): Promise<void> {
  await writeFile(`${pod.directory}/workspace/go`, '');
}

/** Makes every cancel a minute older. */
function passMinute({ dataDir }: TestApp): void {
  const db = new Database(path.join(dataDir, 'trainyard.db'));
  db.prepare('UPDATE jobs SET cancelled_at = cancelled_at - 60000').run();
  db.close();
}

const lines = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}`);

test('only recipes with an image are listed; the others run where the caller names one', async () => {
  const { image, ...bare } = bashRecipe('echo ran');
  const { app } = await openHouse('', { recipes: { default: bashRecipe('true'), bare } });
  const listed = await graphql(app.url, '{ providers { recipes } }');
  expect(listed.data.providers).toEqual([{ recipes: ['default'] }]);
  const refused = graphql(
    app.url,
    'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }',
    { input: { provider: 'runpod', recipe: 'bare', modelName: 'x' } },
  );
  expect((await refused).errors?.[0]?.message).toMatch(/^The recipe bare has no image/);
  const job = await ended(app, await deployTo(app, { recipe: 'bare', runpod: { image } }));
  expect(linesOf(job)).toEqual(['ran']);
});

test('what a pod has made goes with it, which is said', async () => {
  const { app } = await openHouse('true');
  const id = await deployTo(app);
  const { data, errors } = await graphql(
    app.url,
    'query ($id: ID!) { job(id: $id) { recipe outputs { path } } }',
    { id },
  );
  expect(data.job).toEqual({ recipe: 'default', outputs: null });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/kind RUNPOD keep no files/),
    extensions: { code: 'NOT_SUPPORTED' },
  });
  const file = await fetch(`${app.url}/jobs/${id}/outputs/model.bin`);
  expect(file.status).toBe(501);
  await ended(app, id);
});

describe('a job in a pod', () => {
  test('ends COMPLETED, its pod is terminated and its whole log stays', async () => {
    const { app, standIn } = await openHouse(hundred);
    const job = await ended(app, await deployTo(app, { runpod: { budgetUsd: 5 } }));
    expect(job).toMatchObject({
      status: 'COMPLETED',
      externalId: standIn.pods()[0]?.id,
      consoleUrl: `https://www.runpod.io/console/pods/${standIn.pods()[0]?.id}`,
      failure: null,
      cost: { currency: 'USD', perHour: 0, limit: 5 },
      logs: { complete: true, gaps: [], notice: null },
    });
    expect(linesOf(job)).toEqual(lines(100));
    expect(standIn.pods().map(({ status }) => status)).toEqual(['TERMINATED']);
  });

  test('streams its log while it runs', async () => {
    const { app, standIn } = await openHouse(`${hundred}; ${gate}; echo last`);
    const id = await deployTo(app);
    const query = 'subscription ($id: ID!) { logStream(jobId: $id) { lines complete } }';
    const seen: string[] = [];
    for await (const { data } of serverSentEvents(app.url, query, { id })) {
      seen.push(...data.logStream.lines);
      if (data.logStream.lines.includes('line 99')) await open(await onlyPod(standIn));
    }
    expect(seen.at(-1)).toBe('last');
  });

  test('ends FAILED with its exit code and the reason out of its log', async () => {
    const { app, standIn } = await openHouse('echo "ValueError: no such data"; exit 3');
    const job = await ended(app, await deployTo(app));
    expect(job).toMatchObject({ status: 'FAILED', failure: { exitCode: 3 } });
    expect(job.failure.message).toMatch(/exit code 3/);
    expect(standIn.pods()[0]?.status).toBe('TERMINATED');
  });

  test('whose pod vanishes is LOST, keeps what was captured and says where to look', async () => {
    const { app, standIn } = await openHouse(`${hundred}; ${gate}`);
    const id = await deployTo(app);
    const pod = await onlyPod(standIn);
    await expect.poll(async () => linesOf(await jobOf(app, id)).length).toBe(100);
    pod.terminate();
    const job = await ended(app, id);
    expect(job).toMatchObject({
      status: 'LOST',
      logs: { complete: true, notice: { code: 'POD_GONE', url: job.consoleUrl } },
    });
    expect(linesOf(job)).toEqual(lines(100));
  });

  test('never gives back the values of its environment', async () => {
    const { app, standIn } = await openHouse('printf %s "$TOKEN" | wc -c');
    const runpod = { env: [{ name: 'TOKEN', value: 'hf_a_secret_value' }] };
    const id = await deployTo(app, { runpod });
    const job = await ended(app, id);
    expect(linesOf(job)).toEqual(['17']);
    expect(standIn.pods()[0]?.asked.env.TOKEN).toBe('hf_a_secret_value');
    expect(JSON.stringify(job) + app.log.text).not.toContain('hf_a_secret_value');
    expect(app.log.text).not.toContain(apiKey);
    const db = new Database(path.join(app.dataDir, 'trainyard.db'), { readonly: true });
    expect(db.prepare('SELECT options FROM jobs').pluck().all()).toEqual([
      '{"envNames":["TOKEN"]}',
    ]);
    db.close();
  });
});

describe('a reader of a log that cannot be had', () => {
  test('gets a notice until it can be had', async () => {
    const { app, standIn } = await openHouse(`${hundred}; ${gate}`);
    const hide = standIn.faults.next('GET /v2/pods/{id}/logs', { status: 403, times: 100_000 });
    const id = await deployTo(app);
    await expect.poll(async () => (await jobOf(app, id)).logs.notice?.code).toBe('LOG_REFUSED');
    const { notice } = (await jobOf(app, id)).logs;
    expect(notice.help.join('\n')).toContain(`/workspace/trainyard/${id}/training_output.log`);
    hide();
    await expect
      .poll(async () => (await jobOf(app, id)).logs.notice, { timeout: 10_000 })
      .toBeNull();
    await open(await onlyPod(standIn));
    expect(linesOf(await ended(app, id))).toEqual(lines(100));
  });
});

describe('an ended pod whose log cannot be had', () => {
  async function openEnded(options: HouseOptions = {}): Promise<House & { id: string; pod: Pod }> {
    const { app, standIn } = await openHouse('echo ready; sleep 60', options);
    standIn.faults.next('GET /v2/pods/{id}/logs', { status: 502, times: 100_000 });
    const id = await deployTo(app);
    const pod = await onlyPod(standIn);
    await standIn.until(() => printed(pod).includes('ready'));
    pod.kill();
    await standIn.until(() => pod.status === 'EXITED');
    return { app, standIn, id, pod };
  }

  test('is terminated when that has lasted too long, and the log is a gap', async () => {
    const { app, id, pod } = await openEnded({ times: { ...quickTimes, drainMs: 1000 } });
    expect(await ended(app, id)).toMatchObject({
      status: 'FAILED',
      logs: { total: 0, complete: true, gaps: [{ offset: 0 }] },
    });
    expect(pod.status).toBe('TERMINATED');
  });

  test('is terminated by force', async () => {
    const { app, id, pod } = await openEnded();
    const polite = await graphql(app.url, cancel, { id, force: false });
    expect(polite.errors?.[0]?.extensions).toMatchObject({ code: 'CONFLICT' });
    const { errors } = await graphql(app.url, cancel, { id, force: true });
    expect(errors).toBeUndefined();
    expect((await ended(app, id)).status).toBe('CANCELLED');
    expect(pod.status).toBe('TERMINATED');
  });
});

describe('a deploy', () => {
  test('whose answer is lost buys one pod', async () => {
    const { app, standIn } = await openHouse(hundred);
    standIn.faults.next('POST /v2/pods', { act: 'lose-answer' });
    const job = await ended(app, await deployTo(app));
    expect(job.status).toBe('COMPLETED');
    expect(standIn.pods().length).toBe(1);
  });

  test('that RunPod refuses fails with its words, and keeps no secret', async () => {
    const { app, standIn } = await openHouse('true');
    standIn.market.balance = 0;
    const query = 'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }';
    const runpod = { env: [{ name: 'A', value: 'hf_a_secret_value' }] };
    const input = { provider: 'runpod', modelName: 'm', runpod };
    const { errors } = await graphql(app.url, query, { input });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('insufficient balance'),
      extensions: { code: 'PROVIDER_REJECTED' },
    });
    const { data } = await graphql(app.url, '{ jobs { edges { node { status } } } }');
    expect(data.jobs.edges).toEqual([{ node: { status: 'FAILED' } }]);
  });

  test('of what no pod can be made for saves nothing', async () => {
    const { app } = await openHouse('true');
    const query = 'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }';
    const input = { provider: 'runpod', modelName: 'm', runpod: { volumeGb: 5 } };
    const { errors } = await graphql(app.url, query, { input });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    const { data } = await graphql(app.url, '{ jobs { totalCount } }');
    expect(data.jobs.totalCount).toBe(0);
  });

  test('is tried again when RunPod fails', async () => {
    const { app, standIn } = await openHouse(hundred);
    standIn.faults.next('POST /v2/pods', { status: 503, times: 2 });
    expect((await ended(app, await deployTo(app))).status).toBe('COMPLETED');
  });
});

describe('a cancel', () => {
  test.each([false, true])(
    'ends the job CANCELLED and terminates its pod (force: %s)',
    async (force) => {
      const { app, standIn } = await openHouse('echo ready; sleep 60');
      const id = await deployTo(app);
      const pod = await onlyPod(standIn);
      await standIn.until(() => printed(pod).includes('ready'));
      const { errors } = await graphql(app.url, cancel, { id, force });
      expect(errors).toBeUndefined();
      expect(await ended(app, id)).toMatchObject({ status: 'CANCELLED', failure: null });
      expect(pod.status).toBe('TERMINATED');
    },
  );

  test.each([
    ['a caller', {}],
    ['a limit', { budgetUsd: 0.0004 }],
  ])(
    'of %s that RunPod accepts and does not carry out terminates the pod a minute later',
    async (_, runpod) => {
      const { app, standIn } = await openHouse('echo ready; sleep 60');
      const id = await deployTo(app, { runpod });
      const pod = await onlyPod(standIn);
      pod.deaf = true;
      await standIn.until(() => printed(pod).includes('ready'));
      if (!('budgetUsd' in runpod)) await graphql(app.url, cancel, { id, force: false });
      await expect.poll(async () => (await jobOf(app, id)).status).toBe('STOPPING');
      const asked = () => standIn.requests.filter(({ path }) => path === '/v2/pods').length;
      const before = asked();
      await standIn.until(() => asked() > before + 2);
      expect(pod.status).toBe('RUNNING');
      passMinute(app);
      expect(await ended(app, id)).toMatchObject({ status: 'CANCELLED' });
      expect(pod.status).toBe('TERMINATED');
    },
  );
});

describe('a limit', () => {
  test('of money cancels the job with that reason', async () => {
    const { app, standIn } = await openHouse('sleep 60');
    // RunPod counts in seconds: one of them is more than this.
    const id = await deployTo(app, { runpod: { budgetUsd: 0.0001 } });
    expect(await ended(app, id)).toMatchObject({
      status: 'CANCELLED',
      failure: { message: 'The budget of 0.0001 USD is used up.' },
      cost: { limit: 0.0001 },
    });
    expect(standIn.pods()[0]?.status).toBe('TERMINATED');
  });

  test.each([
    ['runs', {}],
    ['is still being prepared', { provisionMs: 60_000 }],
    ['is still being started', { startMs: 60_000 }],
  ])('of time cancels the job with that reason while its pod %s', async (_, options) => {
    const { app, standIn } = await openHouse('sleep 60', { standIn: options });
    const id = await deployTo(app, { runpod: { maxHours: 1 / 3600 } });
    const job = await ended(app, id);
    expect(job).toMatchObject({ status: 'CANCELLED' });
    expect(job.failure.message).toMatch(/maxHours/);
    expect(standIn.pods()[0]?.status).toBe('TERMINATED');
  });
});

describe('what is left over', () => {
  test('is given back: pods of jobs that are over, and a second pod of one job; not those of strangers', async () => {
    const { app, standIn } = await openHouse(`${hundred}; ${gate}`);
    standIn.faults.next('DELETE /v2/pods/{id}', { status: 503, times: 1 });
    const id = await deployTo(app);
    const pod = await onlyPod(standIn);
    await standIn.until(() => printed(pod).includes('line 99'));
    await open(pod);
    expect((await ended(app, id)).status).toBe('COMPLETED');
    expect(pod.status).toBe('RUNNING');
    const create = (name: string) =>
      fetch(`${standIn.url}/v2/pods`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name, image: 'an/image', gpu: { id: 'NVIDIA A40' } }),
      });
    await create(pod.name);
    await create('trainyard-0123456789abcdef');
    await app.close();
    const [, second, stranger] = standIn.pods();
    await openServer(standIn, hundred, { dataDir: app.dataDir });
    await standIn.until(() => pod.status === 'TERMINATED' && second?.status === 'TERMINATED');
    expect(stranger?.status).not.toBe('TERMINATED');
  });
});
