import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';

const rounds = 50;
const chatty = fileURLToPath(new URL('../support/chatty-job.ts', import.meta.url));

test(`keeps every served line through ${rounds} kills of the server while a job prints`, async () => {
  await using folder = await openFolder();
  const config = join(folder.path, 'trainyard.config.json');
  const stop = join(folder.path, 'stop');
  // The job outlives every server: whatever happens here, it must end.
  await using _job = { [Symbol.asyncDispose]: () => endJobs(folder.path, stop) };
  const recipes = { chatty: { command: [process.execPath, chatty] } };
  await writeFile(config, JSON.stringify({ recipes }));
  const env = { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
  const served: string[] = [];
  let jobId = '';

  for (let round = 0; round < rounds; round += 1) {
    await using server = await startServer({ env });
    jobId ||= await deploy(server.url, { recipe: 'chatty', config: { stop } });
    // At least one new line a round, so that each kill falls into a living capture; then some more.
    await readOn(server.url, jobId, served, { atLeast: served.length + 1 });
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
  expect(truth.at(-1)).toBe(`end ${truth.length - 1}`);
  expect(data.job).toMatchObject({
    status: 'FAILED',
    failure: { exitCode: 7 },
    logs: { total: truth.length, gaps: [] },
  });
}, 240_000);

async function endJobs(folder: string, stop: string): Promise<void> {
  await writeFile(stop, '');
  const jobs = join(folder, 'data/trainer/jobs');
  for (const job of existsSync(jobs) ? await readdir(jobs) : []) {
    while (!existsSync(join(jobs, job, 'exit.json'))) await setTimeout(20);
  }
}

/** Reads pages until `atLeast` lines are known or the log is complete; what was served before must come again. */
async function readOn(
  url: string,
  jobId: string,
  served: string[],
  { atLeast }: { atLeast: number },
): Promise<void> {
  for (;;) {
    const from = Math.max(0, served.length - 200);
    const { data, errors } = await graphql(
      url,
      'query ($id: ID!, $from: Int!) { logs(jobId: $id, offset: $from, limit: 5000) { lines offset nextOffset hasMore complete } }',
      { id: jobId, from },
    );
    if (!data) throw new Error(JSON.stringify(errors));
    const { lines, offset, nextOffset, hasMore, complete } = data.logs;
    expect(offset).toBe(from);
    expect(nextOffset).toBe(from + lines.length);
    const known = served.slice(from);
    expect(lines.slice(0, known.length)).toEqual(known);
    served.push(...lines.slice(known.length));
    if (hasMore) continue;
    if (complete || served.length >= atLeast) return;
    await setTimeout(10);
  }
}
