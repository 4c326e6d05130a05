import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

// Each line is as long when it is compressed.
const noise = Array.from({ length: 6000 }, (_, n) => `${n} ${randomBytes(60).toString('base64')}`);

const canLimit = spawnSync('prlimit', ['--version']).status === 0;

// The limit on a file's size stands in for a full disk: the same writes fail at the same places.
test.skipIf(!canLimit)(
  'a full disk: capture waits, pages are read, not ready; then it goes on by itself, each line once',
  async () => {
    await using yard = await openYard();
    const { server, job } = yard;
    const limit = (size: string) =>
      execFileSync('prlimit', ['--pid', `${server.pid}`, `--fsize=${size}:unlimited`]);
    job.emit(noise.slice(0, 100));
    await expect.poll(yard.log).toMatchObject({ total: 100 });

    limit(`${256 * 1024}`);
    job.emit(noise.slice(100));
    await expect
      .poll(yard.readiness, patience)
      .toMatchObject({ status: 503, body: { status: 'unavailable' } });
    const { total, lines } = await yard.log();
    expect(total).toBeLessThan(noise.length);
    expect(lines).toEqual(noise.slice(0, total));
    const { errors } = await graphql(server.url, deployOne, { input });
    expect(errors).toMatchObject([{ extensions: { code: 'STORE_UNAVAILABLE' } }]);

    limit('unlimited');
    await expect.poll(yard.readiness, patience).toMatchObject({ status: 200 });
    job.finish('completed', { exitCode: 0 });
    await expect.poll(yard.log, patience).toMatchObject({ complete: true });
    expect(await yard.log()).toMatchObject({ total: noise.length, lines: noise, gaps: [] });
  },
  90_000,
);

test('a store that another process locks: nothing is lost, whether for a moment or for long', async () => {
  await using yard = await openYard();
  const { server, job, dataDir } = yard;
  using other = lock(join(dataDir, 'trainyard.db'));
  job.emit(noise.slice(0, 1000));
  // For three seconds: whoever asks for a change waits, and has it.
  const soon = Promise.all([deploy(server.url, input), yard.readiness()]);
  const { data } = await graphql(server.url, '{ jobs { totalCount } }');
  expect(data.jobs.totalCount).toBe(1);
  await setTimeout(3000);
  other.release();
  expect(await soon).toMatchObject([expect.any(String), { status: 200 }]);
  await expect.poll(yard.log, patience).toMatchObject({ total: 1000 });

  // For longer than anybody waits: changes are refused for now, and stored lines are served.
  other.hold();
  job.emit(noise.slice(1000));
  const { errors } = await graphql(server.url, deployOne, { input });
  expect(errors).toMatchObject([
    { message: expect.stringContaining('locked'), extensions: { code: 'STORE_UNAVAILABLE' } },
  ]);
  expect((await yard.log()).lines).toEqual(noise.slice(0, 1000));
  other.release();
  job.finish('completed', { exitCode: 0 });
  await expect.poll(yard.log, patience).toMatchObject({ complete: true });
  expect(await yard.log()).toMatchObject({ total: noise.length, lines: noise, gaps: [] });
}, 90_000);

const patience = { timeout: 40_000 };
const input = { provider: 'local', modelName: 'm', config: dialectDefaults };
const deployOne = 'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }';

/** A server in a process of its own, with one job at a training server whose output the test writes. */
async function openYard() {
  await using opening = new AsyncDisposableStack();
  const box = await openQueueingServer();
  opening.defer(() => box.server.close());
  const { path: dataDir } = opening.use(await openFolder());
  const env = { TRAINYARD_DATA_DIR: dataDir, TRAINING_SERVER_URL: box.server.url };
  const server: ServerProcess = opening.use(await startServer({ env }));
  const id = await deploy(server.url, input);
  const job = box.jobs.get(id);
  if (!job) throw new Error('the job is not there');
  const parts = opening.move();
  return {
    server,
    dataDir,
    job,
    async log() {
      const lines: string[] = [];
      for (;;) {
        const fields = 'lines total hasMore complete gaps { reason }';
        const query = `{ logs(jobId: "${id}", offset: ${lines.length}, limit: 5000) { ${fields} } }`;
        const { logs } = (await graphql(server.url, query)).data;
        lines.push(...logs.lines);
        if (!logs.hasMore) return { ...logs, lines } as Log;
      }
    },
    async readiness() {
      const response = await fetch(`${server.url}/health/ready`);
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

interface Log {
  lines: string[];
  total: number;
  complete: boolean;
  gaps: unknown[];
}

/** The write lock of a database, held at once. */
function lock(path: string) {
  const db = new Sqlite(path);
  const hold = () => void db.exec('BEGIN IMMEDIATE');
  hold();
  return {
    hold,
    release: () => void db.exec('ROLLBACK'),
    [Symbol.dispose]: () => void db.close(),
  };
}
