import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOf, isAlive } from '../../src/lib/system/process-identity.ts';
import { jobFolder } from '../../src/trainer/disk/job-folder.ts';
import type { RunPlan } from '../../src/trainer/disk/run-files.ts';
import { openTrainer } from '../../src/trainer/trainer.ts';
import {
  endAll,
  quiet,
  shell,
  TrainerClient,
  temporaryFolder,
} from '../support/trainer/harness.ts';
import { processesOf } from '../support/trainer/processes.ts';

const program = fileURLToPath(new URL('../support/trainer/standalone.ts', import.meta.url));
const runnerProgram = fileURLToPath(
  new URL('../../src/trainer/process/runner.ts', import.meta.url),
);

let dataDir: string;
let server: ChildProcess | undefined;
let client: TrainerClient;

beforeEach(async () => {
  dataDir = await temporaryFolder();
});
afterEach(async () => {
  if (server === undefined) await startServer();
  await endAll(client);
  await killServer();
  await rm(dataDir, { recursive: true, force: true });
});

function options(more: object) {
  return {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    apiKey: null,
    concurrency: 1,
    recipes: { default: shell },
    recipeBase: dataDir,
    ...more,
  };
}

async function startServer(more: object = {}): Promise<void> {
  const args = [program, JSON.stringify(options(more))];
  server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = await once(server.stdout ?? server, 'data');
  client = new TrainerClient(String(url).trim());
}

async function killServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const exited = server && once(server, 'exit');
  server?.kill(signal);
  await exited;
  server = undefined;
}

describe('after the server was killed', () => {
  test('the same process goes on, with every line and its exit code', async () => {
    await startServer();
    const goOn = path.join(dataDir, 'go-on');
    const count = 'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1))';
    await client.run(
      'job',
      `${count}; [ $i -ne 200 ] || until [ -e ${goOn} ]; do sleep 0.01; done; done; exit 7`,
    );
    await client.printed('job', 'line 199');
    const { command: before } = await processesOf(dataDir, 'job');
    await killServer();
    expect(isAlive(before)).toBe(true);

    await startServer();
    expect(await client.status('job')).toMatchObject({ status: 'running' });
    expect((await processesOf(dataDir, 'job')).command).toEqual(before);
    await writeFile(goOn, '');
    const { lines, end } = await client.over('job');
    expect(lines).toEqual(Array.from({ length: 400 }, (_, i) => `line ${i}`));
    expect(end).toMatchObject({ status: 'failed', exit_code: 7, total_lines: 400 });
  });

  test('a job that ended meanwhile has its true end', async () => {
    await startServer();
    const goOn = path.join(dataDir, 'go-on');
    await client.run(
      'job',
      `echo first; until [ -e ${goOn} ]; do sleep 0.01; done; printf last; kill -USR1 $$`,
    );
    await client.printed('job', 'first');
    const { runner: claim } = await processesOf(dataDir, 'job');
    await killServer();
    await writeFile(goOn, '');
    await expect.poll(() => isAlive(claim)).toBe(false);

    await startServer();
    const { lines, end } = await client.over('job');
    expect(lines).toEqual(['first', 'last']);
    expect(end).toMatchObject({ status: 'failed', exit_code: null, signal: 'SIGUSR1' });
  });

  test('queued jobs start in their order, and a paused one stays paused', async () => {
    await startServer();
    await client.run('a', 'echo go; exec sleep 60');
    await client.printed('a', 'go');
    expect((await client.post('/api/training/pause/a')).status).toBe(200);
    for (const id of ['c', 'b', 'd']) await client.run(id, 'true');
    await killServer();

    await startServer();
    expect(await client.status('a')).toMatchObject({ status: 'paused' });
    const { body } = await client.get('/api/training/queue');
    expect(body.queued_jobs.map((job: { job_id: string }) => job.job_id)).toEqual(['c', 'b', 'd']);
    await client.post('/api/training/resume/a');
    await client.post('/api/training/cancel/a');
    expect((await client.over('d')).end.status).toBe('completed');
  });

  test('a cancel that was accepted is carried out', async () => {
    await startServer({ graceMs: 700 });
    await client.run('job', 'trap "echo no" TERM; echo go; while :; do sleep 0.02; done');
    await client.printed('job', 'go');
    expect((await client.post('/api/training/cancel/job')).status).toBe(200);
    await killServer();

    await startServer({ graceMs: 3_600_000 });
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGKILL',
    });
  });

  test('a cancel is carried out within the grace period, whatever the clock says', async () => {
    await startServer({ graceMs: 3_600_000 });
    await client.run('job', 'trap "echo no" TERM; echo go; while :; do sleep 0.02; done');
    await client.printed('job', 'go');
    expect((await client.post('/api/training/cancel/job')).status).toBe(200);
    await client.printed('job', 'no');
    await killServer();

    await startServer({ graceMs: 300 });
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGKILL',
    });
  });

  test('a job whose folder is removed is ended', async () => {
    await startServer();
    await client.run('job', 'echo go; exec sleep 60');
    await client.run('next', 'true');
    await client.printed('job', 'go');
    const { command } = await processesOf(dataDir, 'job');
    await killServer();

    await startServer();
    await client.printed('job', 'go');
    await rm(jobFolder(dataDir, 'job').path, { recursive: true });
    await client.over('next');
    expect(await client.status('job')).toMatchObject({ status: 'failed' });
    await expect.poll(() => isAlive(command)).toBe(false);
  });

  test('a job that was killed too is failed, and says so', async () => {
    await startServer();
    await client.run('job', 'echo go; exec sleep 60');
    await client.printed('job', 'go');
    const { runner, command } = await processesOf(dataDir, 'job');
    await killServer();
    process.kill(runner.pid, 'SIGKILL');
    process.kill(command.pid, 'SIGKILL');

    await startServer();
    const { end } = await client.over('job');
    expect(end).toMatchObject({ status: 'failed', exit_code: null });
    expect(end.error_message).toContain('the process vanished');
  });

  test('another process that has the same pid is left alone', async () => {
    await startServer();
    await client.run('job', 'echo go; exec sleep 60');
    await client.printed('job', 'go');
    const { runner: claim, command } = await processesOf(dataDir, 'job');
    await killServer();
    process.kill(claim.pid, 'SIGKILL');
    process.kill(command.pid, 'SIGKILL');
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const folder = jobFolder(dataDir, 'job');
    await writeFile(folder.claim, JSON.stringify({ ...claim, pid: bystander.pid }));
    await writeFile(
      folder.process,
      JSON.stringify({ command: { ...command, pid: bystander.pid } }),
    );

    await startServer();
    expect((await client.over('job')).end).toMatchObject({ status: 'failed' });
    expect(bystander.exitCode ?? bystander.signalCode).toBe(null);
    const exited = once(bystander, 'exit');
    bystander.kill();
    expect(await exited).toEqual([null, 'SIGTERM']);
  });

  test('a job whose runner had not begun yet is started once', async () => {
    await startServer();
    await client.run('blocker', 'exec sleep 60');
    await client.run('job', 'echo once');
    await killServer();
    const folder = jobFolder(dataDir, 'job');
    const record = JSON.parse(await readFile(folder.record, 'utf8'));
    await writeFile(folder.record, JSON.stringify({ ...record, status: 'running', startedAt: 1 }));

    await startServer();
    const { lines, end } = await client.over('job');
    expect(lines).toEqual(['once']);
    expect(end).toMatchObject({ status: 'completed', exit_code: 0 });
  });
});

test('of several runners of one job, one starts it', async () => {
  await startServer();
  await client.run('blocker', 'exec sleep 60');
  await client.run('job', 'true');
  await killServer();
  const folder = jobFolder(dataDir, 'job');
  const command = ['sh', '-c', 'echo started >> starts'];
  const plan: RunPlan = {
    command,
    cwd: folder.path,
    env: { PATH: process.env.PATH ?? '' },
    graceMs: 10_000,
  };
  await writeFile(folder.plan, JSON.stringify(plan));
  const runners = Array.from({ length: 4 }, () =>
    spawn(process.execPath, [runnerProgram, folder.path], { stdio: 'ignore' }),
  );
  const codes = await Promise.all(runners.map((child) => once(child, 'exit')));
  expect(codes.map(([code]) => code)).toEqual([0, 0, 0, 0]);
  expect(await readFile(path.join(folder.path, 'starts'), 'utf8')).toBe('started\n');
});

test('a job whose runner alone was killed does not run on unseen', async () => {
  await startServer();
  await client.run('job', 'echo go; exec sleep 60');
  await client.printed('job', 'go');
  const { runner, command } = await processesOf(dataDir, 'job');
  process.kill(runner.pid, 'SIGKILL');
  expect((await client.over('job')).end.error_message).toContain('the process vanished');
  await expect.poll(() => isAlive(command)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'what such a job has started elsewhere does not run on unseen either',
  async () => {
    await startServer();
    await client.run('job', `setsid sh -c 'echo left $$; exec sleep 60' & wait`);
    const pid = Number((await client.printed('job', 'left')).split(' ')[1]);
    const left = identityOf(pid);
    if (left === null) throw new Error('it has ended');
    const { runner, command } = await processesOf(dataDir, 'job');
    process.kill(runner.pid, 'SIGKILL');
    process.kill(command.pid, 'SIGKILL');
    await client.over('job');
    await expect.poll(() => isAlive(left)).toBe(false);
  },
);

test('a signal to the runner reaches the job, and its end is still told', async () => {
  await startServer();
  await client.run('job', 'trap "exit 5" TERM; echo go; while :; do sleep 0.02; done');
  await client.printed('job', 'go');
  process.kill((await processesOf(dataDir, 'job')).runner.pid, 'SIGTERM');
  expect((await client.over('job')).end).toMatchObject({ status: 'failed', exit_code: 5 });
});

test('a second server on the same folder is refused', async () => {
  await startServer();
  const second = openTrainer({ ...options({}), baseEnv: process.env, logger: quiet });
  await expect(second).rejects.toThrow(
    `another Trainyard or training server (process ${server?.pid})`,
  );
});

test('a job whose record is damaged is kept and does not stop the server', async () => {
  await startServer();
  await client.run('job', 'true');
  await client.over('job');
  await killServer();
  await writeFile(jobFolder(dataDir, 'job').record, '{"id":');
  await startServer();
  expect((await client.get('/api/training/status/job')).status).toBe(404);
  const again = { execution_id: 'job', config: { script: 'true' } };
  expect((await client.post('/api/training/execute', again)).status).toBe(409);
  expect(await readFile(jobFolder(dataDir, 'job').record, 'utf8')).toBe('{"id":');
});
