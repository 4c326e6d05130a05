import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { deploy, graphql } from '../support/clients.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp({ embeddedTrainer: { concurrency: 1 } });
});
afterAll(() => app[Symbol.asyncDispose]());

async function jobOf(id: string) {
  const { data } = await graphql(
    app.url,
    'query ($id: ID!) { job(id: $id) { status waitsFor { message position ahead concurrency } } }',
    { id },
  );
  return data.job;
}

async function cancel(id: string): Promise<void> {
  await graphql(
    app.url,
    'mutation ($id: ID!) { cancelJob(input: { jobId: $id, force: true }) { job { id } } }',
    { id },
  );
}

test('a queued job says its place, the job before it and how many run, until it runs', async () => {
  const first = await deploy(app.url, { recipe: 'obedient' });
  await expect.poll(() => jobOf(first)).toEqual({ status: 'RUNNING', waitsFor: null });
  const second = await deploy(app.url, { recipe: 'obedient' });
  const third = await deploy(app.url, { recipe: 'obedient' });
  await expect
    .poll(() => jobOf(third))
    .toEqual({
      status: 'QUEUED',
      waitsFor: {
        message: `The job is at place 2 of the queue, behind job ${second}; one job runs at a time`,
        position: 2,
        ahead: second,
        concurrency: 1,
      },
    });
  const { stdout } = await runCli(['job', third], { url: app.url });
  expect(stdout).toMatch(/^Waits for +The job is at place 2 of the queue, behind job/m);

  await cancel(second);
  await expect
    .poll(() => jobOf(third))
    .toMatchObject({ status: 'QUEUED', waitsFor: { position: 1, ahead: first } });
  await cancel(first);
  await expect.poll(() => jobOf(third)).toEqual({ status: 'RUNNING', waitsFor: null });
});
