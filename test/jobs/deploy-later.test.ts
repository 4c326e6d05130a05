import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfiguredProvider } from '../../src/config/providers.ts';
import type { Provider } from '../../src/core/provider.ts';
import { closeServer, listen } from '../../src/lib/system/http-server.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTrainer } from '../../src/trainer/trainer.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { LogCapture } from '../support/log-capture.ts';
import { openTestServer } from '../support/server.ts';

let stack: AsyncDisposableStack;
let dataDir: string;
let boxUrl: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  dataDir = stack.use(await openFolder()).path;
  const held = createServer();
  boxUrl = await listen(held, { host: '127.0.0.1', port: 0 });
  await closeServer(held, { endStreams: async () => {}, closeMs: 0 });
});
afterEach(() => stack.disposeAsync());

const box: ConfiguredProvider = {
  name: 'box',
  open: async ({ logger }) =>
    openLocalProvider({ name: 'box', url: boxUrl, apiKey: null, recipes: null, logger }),
};

async function startApp(providers: readonly ConfiguredProvider[] = [box]): Promise<TestApp> {
  return stack.use(await openTestApp({ dataDir, embeddedTrainer: null, providers }));
}

/** The box comes up, with these recipes. */
async function startBox(names: readonly string[]): Promise<void> {
  const recipe = { command: [process.execPath, '-e', 'console.log("trained")'] };
  const trainer = await openTrainer({
    host: '127.0.0.1',
    port: Number(new URL(boxUrl).port),
    dataDir: `${dataDir}/box`,
    apiKey: null,
    concurrency: 1,
    recipes: Object.fromEntries(names.map((name) => [name, recipe])),
    recipeBase: dataDir,
    baseEnv: process.env,
    logger: new LogCapture().logger,
  });
  stack.defer(() => trainer.close());
}

const jobFields =
  'id status stale waitsFor { message } provider { name kind } failure { message } logs { lines complete notice { code message } }';

async function deploy({ url }: TestApp, input: object) {
  const query = `mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { ${jobFields} } } }`;
  return graphql(url, query, { input: { provider: 'box', modelName: 'm', ...input } });
}

async function jobOf({ url }: TestApp, id: string) {
  return (await graphql(url, `{ job(id: "${id}") { ${jobFields} } }`)).data.job;
}

describe('a deploy to a box that has been down since the start', () => {
  test('is kept, with what it waits for, whatever its recipe, and runs when the box is up', async () => {
    const app = await startApp();
    const { data, errors } = await deploy(app, { recipe: 'mine' });
    expect(errors).toBeUndefined();
    const { job } = data.deployJob;
    expect(job).toMatchObject({ status: 'QUEUED', stale: true });
    expect(job.logs.notice).toMatchObject({ code: 'NOT_DEPLOYED' });
    expect(job.waitsFor.message).toBe(job.logs.notice.message);
    expect(job.logs.notice.message).toContain(`nothing listens at ${boxUrl}`);
    await startBox(['mine']);
    await expect
      .poll(async () => (await jobOf(app, job.id)).logs.complete, { timeout: 20_000 })
      .toBe(true);
    const done = await jobOf(app, job.id);
    expect(done).toMatchObject({ status: 'COMPLETED', logs: { lines: ['trained'], notice: null } });
  });

  test('fails with the reason where the box, once up, has no such recipe', async () => {
    const app = await startApp();
    const { data } = await deploy(app, { recipe: 'nope' });
    await startBox(['mine']);
    const { id } = data.deployJob.job;
    await expect
      .poll(async () => (await jobOf(app, id)).status, { timeout: 20_000 })
      .toBe('FAILED');
    expect((await jobOf(app, id)).failure.message).toContain('no recipe "nope"');
  });

  test('is refused as before where the box has once said what it has', async () => {
    await startBox(['mine']);
    const app = await startApp();
    const { errors } = await deploy(app, { recipe: 'nope' });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toMatch(/has no recipe "nope"\. It has: mine\. .*config\.json/);
  });
});

test('an idempotency key gives its job, though the recipe, and then the provider, is gone', async () => {
  await startBox(['mine']);
  const first = await startApp();
  const key = { idempotencyKey: 'once' };
  const { data } = await deploy(first, { ...key, recipe: 'mine' });
  const { id } = data.deployJob.job;
  for (const recipe of ['gone', 'other']) {
    const again = await deploy(first, { ...key, recipe });
    expect(again.data.deployJob.job.id).toBe(id);
  }
  await first.close();
  const second = await startApp([]);
  const again = await deploy(second, { ...key, provider: 'another', recipe: 'mine' });
  expect(again.data?.deployJob.job.id).toBe(id);
});

test('a job tells the kind of its provider when that is configured no more', async () => {
  const first = await startApp([box, { ...box, name: 'pods', open: openPods }]);
  const { data } = await deploy(first, { provider: 'pods' });
  const { id, provider } = data.deployJob.job;
  expect(provider).toEqual({ name: 'pods', kind: 'RUNPOD' });
  await first.close();
  const second = await startApp([box]);
  expect((await jobOf(second, id)).provider).toEqual({ name: 'pods', kind: 'RUNPOD' });
});

async function openPods() {
  const { openRunPodProvider } = await import('../../src/providers/runpod/provider.ts');
  const recipe = { command: ['true'], image: 'an/image:1', gpuType: 'NVIDIA A40' };
  return openRunPodProvider({
    name: 'pods',
    url: boxUrl,
    apiKey: 'key',
    keyName: 'KEY',
    recipes: { default: recipe },
    recipeBase: dataDir,
  });
}

test('a deploy to a provider that says nothing is saved, whatever its recipe', async () => {
  const untilGivenUp = async (signal: AbortSignal): Promise<never> => {
    await once(signal, 'abort');
    throw signal.reason;
  };
  const provider: Provider = {
    name: 'box',
    kind: 'LOCAL',
    pollMs: 1000,
    recipes: () => [],
    recipesUnknown: true,
    health: () => new Promise<never>(() => {}),
    deploy: (_job, signal) => untilGivenUp(signal),
    find: (_job, signal) => untilGivenUp(signal),
    cancel: (_ref, _options, signal) => untilGivenUp(signal),
    async *status() {},
    async *followLogs() {},
    logNotice: () => null,
  };
  const server = stack.use(await openTestServer({ providers: [provider] }));
  void graphql(
    server.url,
    'mutation { deployJob(input: { provider: "box", recipe: "mine", modelName: "m" }) { job { id } } }',
  ).catch(() => {});
  const query = '{ jobs { edges { node { recipe status } } } }';
  await expect
    .poll(async () => (await graphql(server.url, query)).data.jobs.edges)
    .toEqual([{ node: { recipe: 'mine', status: 'QUEUED' } }]);
});
