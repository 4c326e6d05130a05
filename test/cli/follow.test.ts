import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCli, startCliInTerminal } from '../support/cli.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openObedientJobs } from '../support/dialects/obedient-jobs.ts';
import { openFolder } from '../support/folder.ts';
import { openTestServer } from '../support/server.ts';
import { startServer } from '../support/server-process.ts';

test('follows across a killed and restarted server: every line once, and how the job ended', async () => {
  await using folder = await openFolder();
  await using opened = new AsyncDisposableStack();
  const obedient = opened.adopt(await openObedientJobs(), (jobs) => jobs.close());
  const config = join(folder.path, 'trainyard.config.json');
  await writeFile(config, JSON.stringify({ recipes: { obedient: { command: obedient.command } } }));
  const env = { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: folder.path };
  const first = opened.use(await startServer({ env }));
  const id = await deploy(first.url, { recipe: 'obedient' });
  const order = await obedient.job(id);
  const cli = opened.use(startCli(['logs', id, '-f'], { url: first.url }));
  order({ print: ['one', 'two'] });
  await cli.shows(/two/);

  await first.end('SIGKILL');
  await cli.shows(/Trying again/);
  order({ print: ['three'] });
  opened.use(await startServer({ env: { ...env, PORT: new URL(first.url).port } }));
  await cli.shows(/three/);
  order({ print: ['four'], exit: 0 });
  const { code, stdout, stderr } = await cli.ended();
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\ntwo\nthree\nfour\n' });
  expect(stderr).toContain('connected again');
});

test('Ctrl-C while the server is away ends at once', async () => {
  const server = await openTestServer();
  await using _closed = server;
  const log = await server.openLog();
  await log.print('one');
  await using cli = startCli(['logs', log.job.id, '-f'], { url: server.url });
  await cli.shows(/one/);
  await server.close();
  await cli.shows(/Trying again/);
  cli.process.kill('SIGINT');
  expect((await cli.ended()).code).toBe(130);
});

const clearRow = '\r\u001b[K';

/** What a terminal of one row shows in the end: whatever a cleared row held is gone. */
function scrollback(output: string): string[] {
  return output
    .split('\r\n')
    .map((row) => row.slice(row.lastIndexOf(clearRow) + 1 || 0).replace(clearRow.slice(1), ''));
}

test('in a terminal, shows progress below the lines and leaves none of it behind', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  const url = server.url;
  await server.store.jobs.update(log.job.id, () => ({
    status: 'RUNNING',
    progress: {
      ...{ step: 42, totalSteps: 100, epoch: null, totalEpochs: null, percent: 42 },
      ...{ loss: 0.51234, lossNotFinite: null, learningRate: null, secondsRemaining: 75 },
    },
  }));
  await log.print('\u001b[34mblue\u001b[0m', 'ERROR bad', '\u001b]0;title\u0007');
  await using cli = startCliInTerminal(['logs', log.job.id, '-f'], { url });
  await cli.shows(/title/);
  await log.print('later');
  await cli.shows(/later/);
  await log.end();
  const { code, stdout } = await cli.ended();
  expect(code).toBe(0);
  expect(stdout).toMatch(/RUNNING.*42%.*█+░+.*step 42\/100.*loss 0.5123.*1m 15s left/);
  expect(scrollback(stdout)).toEqual([
    '\u001b[34mblue\u001b[0m\u001b[0m',
    '\u001b[31mERROR bad\u001b[39m',
    '\\x1b]0;title\\x07',
    'later',
    '\u001b[32mtrainyard: COMPLETED\u001b[39m',
    '',
  ]);
});

test('in a terminal, a status line is cut to its width, and NO_COLOR takes colours alone', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await server.store.jobs.update(log.job.id, () => ({
    status: 'RUNNING',
    progress: {
      ...{ step: 42, totalSteps: 100, epoch: null, totalEpochs: null, percent: 42 },
      ...{ loss: 0.51234, lossNotFinite: null, learningRate: null, secondsRemaining: 75 },
    },
  }));
  await log.print('\u001b[34mblue\u001b[0m');
  await using cli = startCliInTerminal(['logs', log.job.id, '-f'], {
    url: server.url,
    env: { NO_COLOR: '1' },
    columns: 30,
  });
  await cli.shows(/blue/);
  await log.end();
  const { stdout } = await cli.ended();
  expect(stdout).toContain('RUNNING  42%  step 42/100');
  expect(stdout.replaceAll(clearRow, '\n')).not.toContain('\u001b');
  for (const row of stdout.replaceAll(clearRow, '\n').split('\n').slice(0, -2)) {
    expect(row.trimEnd().length).toBeLessThan(30);
  }
});

test('Ctrl-C typed into a terminal stops the following alone', async () => {
  await using server = await openTestServer();
  const log = await server.openLog();
  await log.print('one');
  await using cli = startCliInTerminal(['logs', log.job.id, '-f'], { url: server.url });
  await cli.shows(/one/);
  cli.process.stdin?.write('\u0003');
  const { code, stdout } = await cli.ended();
  expect(code).toBe(130);
  expect(stdout).toContain(`node bin/trainyard.js logs ${log.job.id} -f --offset 1`);
  const { data } = await graphql(server.url, 'query ($id: ID!) { job(id: $id) { status } }', {
    id: log.job.id,
  });
  expect(data.job.status).toBe('QUEUED');
});
