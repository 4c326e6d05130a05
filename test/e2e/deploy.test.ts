import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';

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
