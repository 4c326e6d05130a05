import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';
import { chattyCommand, endJobs, readOn } from './read-on.ts';

const rounds = 50;

test(`keeps every served line through ${rounds} kills of the server while a job prints`, async () => {
  await using folder = await openFolder();
  const config = join(folder.path, 'trainyard.config.json');
  const stop = join(folder.path, 'stop');
  // The job outlives every server: whatever happens here, it must end.
  await using _job = {
    [Symbol.asyncDispose]: () => endJobs(join(folder.path, 'data/trainer'), stop),
  };
  const recipes = { chatty: { command: chattyCommand } };
  await writeFile(config, JSON.stringify({ recipes }));
  const env = { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
  const served: string[] = [];
  const startsMs: number[] = [];
  let jobId = '';

  for (let round = 0; round < rounds; round += 1) {
    const begunAt = performance.now();
    await using server = await startServer({ env });
    jobId ||= await deploy(server.url, { recipe: 'chatty', config: { stop } });
    // At least one new line a round, so that each kill falls into a living capture; then some more.
    await readOn(server.url, jobId, served, { atLeast: served.length + 1 });
    startsMs.push(performance.now() - begunAt);
    await setTimeout(Math.random() * 100);
    await readOn(server.url, jobId, served, { atLeast: 0 });
    await server.end('SIGKILL');
  }

  await writeFile(stop, '');
  await using server = await startServer({ env });
  await readOn(server.url, jobId, served, { atLeast: Number.POSITIVE_INFINITY });
  const { data } = await graphql(
    server.url,
    'query ($id: ID!) { job(id: $id) { status externalId failure { exitCode } logs(limit: 1) { total gaps { offset } } } }',
    { id: jobId },
  );
  const printed = join(folder.path, 'data/trainer/jobs', data.job.externalId, 'log');
  const truth = (await readFile(printed, 'utf8')).trimEnd().split('\n');
  expect(served).toEqual(truth);
  // From the start to a line that is new; the middle one of fifty, for a machine may be busy at times.
  expect(startsMs.sort((a, b) => a - b)[rounds / 2]).toBeLessThan(5000);
  expect(truth.at(-1)).toBe(`end ${truth.length - 1}`);
  expect(data.job).toMatchObject({
    status: 'FAILED',
    failure: { exitCode: 7 },
    logs: { total: truth.length, gaps: [] },
  });
  await server.end('SIGKILL');
  expect(auditSqliteStore(env.TRAINYARD_DATA_DIR).findings).toEqual([]);
}, 600_000);
