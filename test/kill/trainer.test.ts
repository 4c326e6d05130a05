import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';
import { chattyCommand, endJobs, readOn } from './read-on.ts';

test('a killed training server leaves the job stale, and nothing lost when it is back', async () => {
  await using folder = await openFolder();
  const config = join(folder.path, 'trainyard.config.json');
  const stop = join(folder.path, 'stop');
  const trainerDir = join(folder.path, 'trainer');
  await using _job = { [Symbol.asyncDispose]: () => endJobs(trainerDir, stop) };
  await writeFile(config, JSON.stringify({ recipes: { chatty: { command: chattyCommand } } }));
  const trainerEnv = { TRAINYARD_CONFIG: config, TRAINER_DATA_DIR: trainerDir };
  const first = await startServer({ command: 'trainer', env: trainerEnv });
  await using server = await startServer({
    env: { TRAINYARD_DATA_DIR: join(folder.path, 'data'), TRAINING_SERVER_URL: first.url },
  });
  const jobId = await deploy(server.url, { recipe: 'chatty', config: { stop } });
  const served: string[] = [];
  await readOn(server.url, jobId, served, { atLeast: 100 });

  await first.end('SIGKILL');
  expect(await until(server.url, jobId, ({ stale }) => stale)).toMatchObject({ status: 'RUNNING' });
  await readOn(server.url, jobId, served, { atLeast: 0 });

  const { port } = new URL(first.url);
  await using _second = await startServer({
    command: 'trainer',
    env: { ...trainerEnv, TRAINER_PORT: port },
  });
  await until(server.url, jobId, ({ stale }) => !stale);
  await readOn(server.url, jobId, served, { atLeast: served.length + 100 });
  await writeFile(stop, '');
  await readOn(server.url, jobId, served, { atLeast: Number.POSITIVE_INFINITY });

  const job = await until(server.url, jobId, ({ status }) => status !== 'RUNNING');
  expect(job).toMatchObject({ status: 'FAILED', failure: { exitCode: 7 } });
  const printed = await readFile(join(trainerDir, 'jobs', job.externalId, 'log'), 'utf8');
  expect(served).toEqual(printed.trimEnd().split('\n'));
}, 300_000);

interface JobState {
  status: string;
  stale: boolean;
  externalId: string;
}

async function until(
  url: string,
  jobId: string,
  check: (job: JobState) => boolean,
): Promise<JobState> {
  for (;;) {
    const { data } = await graphql(
      url,
      'query ($id: ID!) { job(id: $id) { status stale externalId failure { exitCode } } }',
      { id: jobId },
    );
    if (check(data.job)) return data.job;
    await setTimeout(50);
  }
}
