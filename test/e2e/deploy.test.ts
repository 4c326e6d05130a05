import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';

let app: TestApp;
beforeAll(async () => {
  const missing = { command: ['/no/such/program'] };
  app = await openTestApp({ embeddedTrainer: { recipes: { default: missing, missing } } });
});
afterAll(() => app[Symbol.asyncDispose]());

async function jobOf(id: string) {
  const { data } = await graphql(
    app.url,
    'query ($id: ID!) { job(id: $id) { status failure { message } logs { complete } } }',
    { id },
  );
  return data.job;
}

test('the same idempotency key gives the same job, even at the same time', async () => {
  const input = { recipe: 'missing', idempotencyKey: 'once', name: 'once' };
  const ids = await Promise.all([1, 2, 3].map(() => deploy(app.url, input)));
  expect(new Set(ids).size).toBe(1);
  expect(await deploy(app.url, { ...input, name: 'other' })).toBe(ids[0]);
  const { data } = await graphql(app.url, '{ jobs(filter: { search: "once" }) { totalCount } }');
  expect(data.jobs.totalCount).toBe(1);
});

test('five hundred deploys at once are five hundred jobs, each of which is run once', async () => {
  await using stack = new AsyncDisposableStack();
  const box = await openQueueingServer();
  stack.defer(() => box.server.close());
  const options = { name: 'box', url: box.server.url, apiKey: null, recipes: null };
  const open = async () => openLocalProvider({ ...options, defaultsOf: () => dialectDefaults });
  const many = stack.use(
    await openTestApp({ embeddedTrainer: null, providers: [{ name: 'box', open }] }),
  );
  const ids = await Promise.all(
    Array.from({ length: 500 }, (_, n) =>
      deploy(many.url, { provider: 'box', modelName: `model ${n}` }),
    ),
  );
  const sorted = (some: Iterable<string>) => [...some].sort();
  await expect.poll(() => box.executions.size).toBe(500);
  expect(sorted(box.executions.keys())).toEqual(sorted(new Set(ids)));
  expect(new Set(box.executions.values())).toEqual(new Set([1]));
  const { data } = await graphql(
    many.url,
    '{ jobs(filter: { statuses: [FAILED] }) { totalCount } }',
  );
  expect(data.jobs.totalCount).toBe(0);
}, 240_000);

test('a job whose command is missing ends FAILED with the reason', async () => {
  const id = await deploy(app.url, { recipe: 'missing' });
  await expect.poll(() => jobOf(id)).toMatchObject({ logs: { complete: true } });
  expect(await jobOf(id)).toMatchObject({
    status: 'FAILED',
    failure: { message: 'cannot start "/no/such/program": there is no such program' },
  });
});

test('a data set that is not there is refused in words, and the job kept as FAILED', async () => {
  const { data, errors } = await graphql(
    app.url,
    'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }',
    { input: { provider: 'local', modelName: 'm', datasetPath: '/no/such/data' } },
  );
  expect(data).toBeNull();
  expect(errors?.[0]?.message).toContain('/no/such/data does not exist');
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'PROVIDER_REJECTED' });
  const jobId = String(errors?.[0]?.extensions?.jobId);
  expect(await jobOf(jobId)).toMatchObject({ status: 'FAILED' });
});
