import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openRunPodProvider } from '../../src/providers/runpod/provider.ts';
import { apiKey, bashRecipe, quickTimes } from '../providers/runpod/yard.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql, serverSentEvents } from '../support/clients.ts';
import { openRunPodStandIn } from '../support/runpod/server.ts';
import { openTestServer } from '../support/server.ts';

const rerunJob = `mutation ($input: RerunJobInput!) {
  rerunJob(input: $input) {
    job { id name recipe modelName datasetPath config tags note status rerunOf { id name } }
  }
}`;

async function rerun(url: string, input: object) {
  const { data, errors } = await graphql(url, rerunJob, { input });
  return { job: data?.rerunJob.job, error: errors?.[0] };
}

describe('of a local job', () => {
  let app: TestApp;
  let id: string;
  beforeAll(async () => {
    app = await openTestApp();
    id = await deploy(app.url, {
      ...{ recipe: 'print', name: 'first', datasetPath: app.dataDir, tags: ['sweep'] },
      ...{ note: 'of the first', config: { lines: 2, text: 'kept' } },
    });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  test('it is deployed once more, each key of its config as it was or as it is given', async () => {
    const { job } = await rerun(app.url, { jobId: id, config: { lines: 3, new: [1] } });
    expect(job).toMatchObject({
      ...{ name: 'first', recipe: 'print', modelName: 'test-model', datasetPath: app.dataDir },
      ...{ tags: ['sweep'], note: null, rerunOf: { id, name: 'first' } },
      config: { lines: 3, text: 'kept', new: [1] },
    });
    expect(job.id).not.toBe(id);
    const { data } = await graphql(app.url, `{ job(id: "${id}") { rerunOf { id } } }`);
    expect(data.job.rerunOf).toBeNull();
  });

  test('name, model, data set, tags and note may be others', async () => {
    const other = { name: 'second', modelName: 'm2', datasetPath: '/', tags: ['x'], note: 'n' };
    const { job } = await rerun(app.url, { jobId: id, ...other });
    expect(job).toMatchObject({ ...other, config: { lines: 2, text: 'kept' } });
  });

  test('the same idempotency key gives the same job', async () => {
    const twice = [1, 2].map(() => rerun(app.url, { jobId: id, idempotencyKey: 'again' }));
    const [first, second] = await Promise.all(twice);
    expect(first?.job.id).toBe(second?.job.id);
    const { job } = await rerun(app.url, { jobId: 'gone', idempotencyKey: 'again' });
    expect(job.id).toBe(first?.job.id);
  });

  test.each([
    ['no such job', { jobId: 'nope' }, 'NOT_FOUND', /no job "nope"/],
    ['options of another kind', { runpod: { gpuCount: 2 } }, 'BAD_USER_INPUT', /RUNPOD/],
    ['a name that is none', { name: ' ' }, 'BAD_USER_INPUT', /input\.name is empty/],
  ])('%s is refused with its reason', async (_what, input, code, said) => {
    const { error } = await rerun(app.url, { jobId: id, ...input });
    expect(error).toMatchObject({ extensions: { code } });
    expect(error?.message).toMatch(said);
  });

  test('a job that repeats one that was deleted repeats none', async () => {
    const gone = await deploy(app.url, { recipe: 'print', config: { lines: 0 } });
    const { job } = await rerun(app.url, { jobId: gone });
    const updates = `subscription { jobUpdated(id: "${gone}") { status } }`;
    for await (const { errors } of serverSentEvents(app.url, updates)) expect(errors).toBeFalsy();
    const deleted = await graphql(
      app.url,
      `mutation { deleteJob(input: { jobId: "${gone}" }) { deletedJobId } }`,
    );
    expect(deleted.data?.deleteJob.deletedJobId).toBe(gone);
    const { data } = await graphql(app.url, `{ job(id: "${job.id}") { rerunOf { id } } }`);
    expect(data.job).toEqual({ rerunOf: null });
  });
});

describe('of a job with options of its kind', () => {
  async function openPods() {
    const standIn = await openRunPodStandIn({
      ...{ apiKey, provisionMs: 1, startMs: 1, rateLimit: { perMinute: 100_000 } },
    });
    onTestFinished(() => standIn.close());
    const provider = openRunPodProvider({
      ...{ name: 'runpod', url: standIn.url, apiKey, keyName: 'RUNPOD_API_KEY' },
      ...{ recipes: { default: bashRecipe('exit 0') }, recipeBase: process.cwd() },
      ...{ pollMs: 50, graceSeconds: 30, times: quickTimes },
    });
    onTestFinished(() => provider.close());
    const server = await openTestServer({ providers: [provider] });
    onTestFinished(() => server[Symbol.asyncDispose]());
    return { server, standIn };
  }
  const secret = 'hf_a_secret';
  const token = { name: 'TOKEN', value: secret };
  const runpod = { image: 'my/image:2', gpuCount: 2, env: [token, { name: 'A', value: '1' }] };

  test('they are taken on, and variables whose values are gone must be given again', async () => {
    const { server, standIn } = await openPods();
    const id = await deploy(server.url, { provider: 'runpod', runpod });
    const refused = await rerun(server.url, {
      jobId: id,
      runpod: { env: [{ name: 'A', value: '2' }] },
    });
    expect(refused.error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(refused.error?.message).toBe(
      `The job ${id} had environment variables whose values are no longer kept: TOKEN. Give them in input.runpod.env.`,
    );
    const again = { gpuCount: 1, env: [{ name: 'A', value: '2' }, token] };
    const { job } = await rerun(server.url, { jobId: id, runpod: again });
    const pod = standIn.pods().find(({ name }) => name.includes(job.id));
    expect(pod?.asked).toMatchObject({
      ...{ image: 'my/image:2', gpu: { count: 1 } },
      env: { A: '2', TOKEN: secret },
    });
    const kept = await server.store.jobs.get(job.id);
    expect(kept?.options).toMatchObject({ gpuCount: 1, envNames: ['A', 'TOKEN'] });
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  test('variables that are still kept are taken on, without being shown', async () => {
    const { server, standIn } = await openPods();
    // A job that no provider has accepted yet.
    const log = await server.openLog({
      ...{ provider: 'runpod', providerKind: 'RUNPOD', options: runpod },
    });
    const answer = await rerun(server.url, { jobId: log.job.id, runpod: { image: null } });
    const pod = standIn.pods().find(({ name }) => name.includes(answer.job.id));
    expect(pod?.asked.env).toMatchObject({ A: '1', TOKEN: secret });
    expect(JSON.stringify(answer)).not.toContain(secret);
    const shown = { image: 'my/image:2', gpuCount: 2, envNames: ['TOKEN', 'A'] };
    for (const id of [log.job.id, answer.job.id]) {
      const { data } = await graphql(server.url, `{ job(id: "${id}") { options } }`);
      expect(data.job.options).toMatchObject(id === log.job.id ? shown : { gpuCount: 2 });
      expect(JSON.stringify(data)).not.toContain(secret);
      expect(data.job.options).not.toHaveProperty('env');
    }
  });
});
