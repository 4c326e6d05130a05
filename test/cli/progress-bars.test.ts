import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printBars } from '../support/bars.ts';
import { runCli, startCli, startCliInTerminal } from '../support/cli.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';
import { screenOf } from '../support/terminal.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: server.url });

describe('of what is stored', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await server.openLog();
    const states = Array.from({ length: 3000 }, (_, at) => `oTraining: ${at}/3001`);
    await printBars(log, ['.one', ...states, 'lTraining: 3001/3001', '.two', '.three']);
  });

  test('the last state of each bar is printed, and how many others there are is told', async () => {
    const { stdout, stderr } = await run('logs', log.job.id);
    expect(stdout).toBe('one\nTraining: 3001/3001\ntwo\nthree\n');
    expect(stderr).toBe(
      'trainyard: 3000 states of progress bars left out; --progress all shows them\n',
    );
  });

  test('-n counts lines of substance, however far back they are', async () => {
    const { stdout } = await run('logs', log.job.id, '-n', '4');
    expect(stdout).toBe('one\nTraining: 3001/3001\ntwo\nthree\n');
  });

  test.each([
    ['--no-progress', 'one\ntwo\nthree\n'],
    ['--progress none', 'one\ntwo\nthree\n'],
    ['--progress last -n 2', 'two\nthree\n'],
    ['--progress all -n 3', 'Training: 3001/3001\ntwo\nthree\n'],
    ['--progress all --offset 3000 -n 2', 'Training: 2999/3001\nTraining: 3001/3001\n'],
  ])('%s', async (options, shown) => {
    const { stdout, stderr } = await run('logs', log.job.id, ...options.split(' '));
    expect({ stdout, stderr }).toEqual({ stdout: shown, stderr: '' });
  });

  test('lines around a match are such lines, too', async () => {
    const { stdout } = await run('logs', log.job.id, '--grep', 'two', '-B', '2');
    expect(stdout).toBe('one\nTraining: 3001/3001\ntwo\n');
  });
});

test('the newest line counts as the last state of its bar', async () => {
  const log = await server.openLog();
  await printBars(log, ['.one', 'oTraining: 1/9', 'oTraining: 2/9']);
  const { stdout } = await run('logs', log.job.id, '-n', '50');
  expect(stdout).toBe('one\nTraining: 2/9\n');
});

test('in a pipe, a followed bar is printed when the job has left it', async () => {
  const log = await server.openLog();
  await printBars(log, ['.one', 'oTraining: 1/3']);
  await using cli = startCli(['logs', log.job.id, '-f'], { url: server.url });
  await cli.shows(/one/);
  await printBars(log, ['oTraining: 2/3', 'lTraining: 3/3', '.two']);
  await log.end();
  expect((await cli.ended()).stdout).toBe('one\nTraining: 3/3\ntwo\n');
});

test('in a terminal, a followed bar is drawn in one place, and its last state stays', async () => {
  const log = await server.openLog();
  await printBars(log, ['.one', 'oTraining: 1/3']);
  await using cli = startCliInTerminal(['logs', log.job.id, '-f'], { url: server.url });
  await cli.shows(/Training: 1\/3/);
  await printBars(log, ['oTraining: 2/3']);
  await cli.shows(/Training: 2\/3/);
  await printBars(log, ['.two']);
  await cli.shows(/two/);
  await printBars(log, ['lTraining: 3/3']);
  await log.end();
  const { stdout } = await cli.ended();
  const rows = screenOf(stdout);
  expect(rows.slice(0, 3)).toEqual(['one', 'two', 'Training: 3/3']);
  expect(rows.join('\n')).not.toMatch(/Training: [12]/);
  expect(rows[3]).toMatch(/^trainyard: COMPLETED/);
});
