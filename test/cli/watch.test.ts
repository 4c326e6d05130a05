import { expect, test } from 'vitest';
import type { JobPatch } from '../../src/core/job.ts';
import { startCli, startCliInTerminal } from '../support/cli.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';
import { screenOf } from '../support/terminal.ts';

const progress = {
  ...{ step: 42, totalSteps: 100, epoch: null, totalEpochs: null, percent: 42.5, loss: 0.51234 },
  ...{ lossNotFinite: null, learningRate: null, secondsRemaining: 75 },
};
const cost = { currency: 'USD', perHour: 2, accrued: 1.5, limit: null, since: 0, at: 0 };

/** Changes a job as its driver does. */
async function change(server: TestServer, { job }: TestLog, patch: JobPatch) {
  await server.changes.update(job.id, () => patch);
}

test('in a pipe there is a line for each job, and for each change of its status or percent', async () => {
  await using server = await openTestServer();
  const past = await server.openLog({ name: 'long ago' });
  await past.end();
  const run = await server.openLog({ name: 'run' });
  await using cli = startCli(['jobs', '--watch', '-n', '1'], { url: server.url });
  await cli.shows(/run {2}QUEUED/);
  await change(server, run, { status: 'RUNNING' });
  await cli.shows(/run {2}RUNNING/);
  await change(server, run, { progress, cost });
  await cli.shows(/42%/);
  await change(server, run, { progress: { ...progress, loss: 0.4 } });
  await change(server, run, { progress: { ...progress, loss: null, lossNotFinite: 'NAN' } });
  await cli.shows(/NaN/);
  const late = await server.openLog({ name: 'late' });
  await cli.shows(/late/);
  await server.changes.delete(late.job.id);
  await cli.shows(/deleted/);
  cli.process.kill('SIGINT');
  const { code, stdout } = await cli.ended();
  expect(code).toBe(130);
  const { id } = run.job;
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/^\d{4}-\S+Z {2}/, ''))).toEqual([
    `${id}  run  QUEUED`,
    `${id}  run  RUNNING`,
    `${id}  run  RUNNING  42%, step 42/100, loss 0.5123, 1m 15s left, 1.50 USD`,
    `${id}  run  RUNNING  42%, step 42/100, loss NaN, 1m 15s left, 1.50 USD`,
    `${late.job.id}  late  QUEUED`,
    `${late.job.id}  deleted`,
  ]);
});

test('as JSON there is an object for each change; a job that leaves the filter is told once', async () => {
  await using server = await openTestServer();
  const run = await server.openLog({ name: 'run' });
  const args = ['jobs', '-w', '-o', 'json', '--status', 'queued'];
  await using cli = startCli(args, { url: server.url });
  await cli.shows(/QUEUED/);
  await change(server, run, { status: 'RUNNING' });
  await cli.shows(/RUNNING/);
  await change(server, run, { progress });
  const other = await server.openLog({ name: 'other' });
  await cli.shows(/other/);
  cli.process.kill('SIGINT');
  const { stdout } = await cli.ended();
  const told = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.map(({ id, status }) => [id, status])).toEqual([
    [run.job.id, 'QUEUED'],
    [run.job.id, 'RUNNING'],
    [other.job.id, 'QUEUED'],
  ]);
});

test('in a terminal a table is drawn in place, as wide as the terminal, and stays at the end', async () => {
  await using server = await openTestServer();
  const first = await server.openLog({ name: 'a name that is far too long for it' });
  const second = await server.openLog({ name: 'second' });
  await change(server, first, { status: 'RUNNING', progress, cost });
  await using cli = startCliInTerminal(['jobs', '--watch'], { url: server.url, columns: 100 });
  await cli.shows(/1 RUNNING, 1 QUEUED|1 QUEUED, 1 RUNNING/);
  await change(server, second, { status: 'RUNNING' });
  await cli.shows(/2 RUNNING/);
  // A frame may come in pieces.
  await expect.poll(() => screenOf(cli.stdout)[3]).toMatch(/ a name .*USD/);
  const rows = screenOf(cli.stdout);
  expect(rows[0]).toBe('2 RUNNING');
  expect(rows[1]).toMatch(/^ID +NAME +PROVIDER +STATUS +DONE +LOSS +LEFT +COST +TIME$/);
  expect(rows[2]).toMatch(/ second +local +RUNNING/);
  expect(rows[3]).toMatch(/ a name .*… +local +RUNNING +42% +0\.5123 +1m 15s +1\.50 USD/);
  for (const row of rows) expect(row.length).toBeLessThan(100);
  await second.end();
  await cli.shows(/COMPLETED/);
  cli.process.stdin?.write('\u0003');
  const { code, stdout } = await cli.ended();
  expect(code).toBe(130);
  const left = screenOf(stdout);
  expect(left.filter((row) => row.includes('RUNNING, 1 COMPLETED'))).toHaveLength(1);
  expect(left.filter((row) => row.includes('COMPLETED'))).toHaveLength(2);
});

test('after a lost connection, it goes on with the changes since then', async () => {
  await using first = await openTestServer();
  await using cut = await openCuttingProxy(first.url);
  const run = await first.openLog({ name: 'run' });
  await using cli = startCli(['jobs', '--watch'], { url: cut.url });
  await cli.shows(/QUEUED/);
  await first.openLog({ name: 'later' });
  await cli.shows(/later/);
  cut.cut();
  await change(first, run, { status: 'RUNNING' });
  await cli.shows(/RUNNING/);
  await cli.shows(/connected again/);
  cli.process.kill('SIGINT');
  const { stdout, stderr } = await cli.ended();
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  expect(stderr).toMatch(/DISCONNECTED/);
});
