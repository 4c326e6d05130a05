import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';
import { openRunPodStandIn } from '../support/runpod/server.ts';
import { startServer } from '../support/server-process.ts';

/** A place where jobs run, whose first answer to a deploy never arrives although it runs the job. */
interface Place extends AsyncDisposable {
  env: Record<string, string>;
  input: object;
  /** How many jobs it was made to run. */
  started(): number;
  /** Ends what it runs, well. */
  finish(): Promise<void>;
}

test.each([
  ['a training server that would run a job twice', openBox],
  ['RunPod', openRunPod],
])(
  'a server that is killed between asking %s and its answer leaves one job there, and no other',
  async (_, openPlace) => {
    await using place = await openPlace();
    await using folder = await openFolder();
    const env = { ...place.env, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
    const killed = await startServer({ env });
    // Nobody hears its answer, either.
    const deploying = deploy(killed.url, { ...place.input, idempotencyKey: 'once' }).catch(
      () => {},
    );
    await expect.poll(() => place.started(), { timeout: 20_000 }).toBe(1);
    await killed.end('SIGKILL');
    await deploying;

    await using server = await startServer({ env });
    const id = await deploy(server.url, { ...place.input, idempotencyKey: 'once' });
    const job = async () => {
      const query =
        '{ jobs { totalCount edges { node { id externalId status logs { complete } } } } }';
      const { totalCount, edges } = (await graphql(server.url, query)).data.jobs;
      return { totalCount, ...edges[0].node };
    };
    await expect.poll(job).toMatchObject({ totalCount: 1, id, externalId: expect.any(String) });
    await place.finish();
    await expect.poll(job).toMatchObject({ status: 'COMPLETED', logs: { complete: true } });
    expect(place.started()).toBe(1);
  },
  60_000,
);

async function openBox(): Promise<Place> {
  const { server, jobs, executions } = await openQueueingServer();
  const never = new Promise(() => {});
  server.fail({ on: /execute/, times: 1, act: { answerAfter: never } });
  return {
    env: { TRAINING_SERVER_URL: server.url },
    input: { config: dialectDefaults },
    started: () => executions.values().reduce((sum, times) => sum + times, 0),
    async finish() {
      for (const job of jobs.values()) job.finish('completed', { exitCode: 0 });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function openRunPod(): Promise<Place> {
  const apiKey = 'rpa_the_account';
  const standIn = await openRunPodStandIn({ apiKey, rateLimit: { perMinute: 100_000 } });
  standIn.faults.next('POST /v2/pods', { act: 'no-answer' });
  return {
    env: { RUNPOD_API_KEY: apiKey, RUNPOD_API_URL: standIn.url },
    input: { provider: 'runpod', recipe: 'tiny-lm', config: { steps: 20 } },
    started: () => standIn.pods().length,
    async finish() {},
    [Symbol.asyncDispose]: () => standIn.close(),
  };
}
