import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { graphql } from '../support/clients.ts';
import { openApolloGateway } from './support/apollo.ts';

const authorization = 'Bearer a-token-of-the-test';

const opened = new AsyncDisposableStack();
let trainyard: TestApp;
let gateway: { url: string };

beforeAll(async () => {
  trainyard = opened.use(await openTestApp({ tokens: ['a-token-of-the-test'] }));
  gateway = opened.use(await openApolloGateway(trainyard.url));
});
afterAll(() => opened.disposeAsync());

const ask = (query: string, variables: object = {}, headers = { authorization }) =>
  graphql(gateway.url, query, variables, headers);

test('a job is deployed, given an owner, and its log paged', async () => {
  const deployed = await ask(
    `mutation ($config: JSONObject) {
      deployJob(
        input: { provider: "local", recipe: "print", modelName: "m", config: $config }
      ) { job { id recipe owner } }
    }`,
    { config: { lines: 3 } },
  );
  const { id, ...job } = deployed.data.deployJob.job;
  expect(job).toEqual({ recipe: 'print', owner: null });
  await ask('mutation ($id: ID!) { setOwner(jobId: $id, owner: "Ada") { id } }', { id });

  const both = `query {
    jobsOf(owner: "Ada") { id status provider { name health { status } } logs { lines complete } }
  }`;
  await expect
    .poll(async () => (await ask(both)).data?.jobsOf[0].logs.complete, { timeout: 30_000 })
    .toBe(true);
  expect((await ask(both)).data).toEqual({
    jobsOf: [
      {
        id,
        status: 'COMPLETED',
        provider: { name: 'local', health: { status: 'UP' } },
        logs: { lines: ['line 0', 'line 1', 'line 2'], complete: true },
      },
    ],
  });
});

test('errors pass with their codes', async () => {
  const page = '{ logs(jobId: "no-such-job") { total } }';
  expect((await ask(page)).errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  const stranger = await ask(page, {}, { authorization: 'Bearer something-else' });
  expect(stranger.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});
