import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cliPath, runCli, startCli, startProcess } from '../support/cli.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: server.url });

/** The lines of stdout. */
function linesOf(stdout: string): string[] {
  return stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n');
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
}

describe('of what is stored', () => {
  let id: string;
  beforeAll(async () => {
    const log = await server.openLog();
    id = log.job.id;
    for (let at = 0; at < 12_000; at += 4000) await log.print(...numbered(at, at + 4000));
  });

  test('prints all lines of a log that takes several pages, and ends though the job runs', async () => {
    const { code, stdout, stderr } = await run('logs', id);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(stdout)).toEqual(numbered(0, 12_000));
  });

  test('prints the last lines, more than a page of them', async () => {
    const { stdout } = await run('logs', id, '-n', '6000');
    expect(linesOf(stdout)).toEqual(numbered(6000, 12_000));
  });

  test.each([
    ['from an offset', ['--offset', '11998'], numbered(11_998, 12_000)],
    ['from an offset before the end', ['--offset', '-2'], numbered(11_998, 12_000)],
    ['a page', ['--offset', '500', '-n', '3'], numbered(500, 503)],
    ['nothing, where none are wanted', ['-n', '0'], []],
    ['what matches', ['--grep', '^line [37]00$'], ['line 300', 'line 700']],
    ['the first that match', ['--grep', '99$', '--offset', '200', '-n', '1'], ['line 299']],
  ])('prints %s', async (_what, options, lines) => {
    const { code, stdout } = await run('logs', id, ...options);
    expect({ code, lines: linesOf(stdout) }).toEqual({ code: 0, lines });
  });

  test('ends quietly when its reader has seen enough', async () => {
    const shell = startProcess(
      'bash',
      ['-c', `set -o pipefail; "${process.execPath}" "${cliPath}" logs ${id} | head -n 2`],
      { url: server.url },
    );
    expect(await shell.ended()).toEqual({ code: 141, stdout: 'line 0\nline 1\n', stderr: '' });
  });
});

test('prints one JSON object a line, with the text as the job printed it', async () => {
  const log = await server.openLog();
  await log.print('INFO hello', '\u001b[31mred\u001b[0m \u009b2J');
  const { stdout } = await run('logs', log.job.id, '-o', 'json');
  expect(stdout).not.toContain('\u009b');
  const [first, second] = linesOf(stdout).map((line) => JSON.parse(line));
  expect(first).toEqual({
    offset: 0,
    text: 'INFO hello',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    level: 'INFO',
    source: 'STDOUT',
  });
  expect(second.text).toBe('\u001b[31mred\u001b[0m \u009b2J');
});

test('filters by level, and puts times in front', async () => {
  const log = await server.openLog();
  await log.print('DEBUG a', 'WARNING b', 'ERROR c', 'no level');
  const { stdout } = await run('logs', log.job.id, '--level', 'warning', '-t');
  expect(linesOf(stdout)).toEqual([
    expect.stringMatching(/^\S+Z WARNING b$/),
    expect.stringMatching(/^\S+Z ERROR c$/),
  ]);
});

test('to a pipe, leaves colours out and shows other escapes; FORCE_COLOR lets colours pass', async () => {
  const log = await server.openLog();
  await log.print('\u001b[32mgreen\u001b[0m \u001b]0;title\u0007');
  const plain = await run('logs', log.job.id);
  const forced = await runCli(['logs', log.job.id], {
    url: server.url,
    env: { FORCE_COLOR: '1' },
  });
  expect(plain.stdout).toBe('green \\x1b]0;title\\x07\n');
  expect(forced.stdout).toBe('\u001b[32mgreen\u001b[0m \\x1b]0;title\\x07\u001b[0m\n');
});

test('tells of lost lines and notices on stderr, at their place', async () => {
  const log = await server.openLog();
  await server.store.jobs.update(log.job.id, () => ({
    notice: {
      code: 'POD_GONE',
      message: 'The pod is gone.',
      url: 'https://example.org/pod',
      help: ['Look there.'],
    },
  }));
  const runs = [{ count: 2, time: Date.now(), source: null }];
  const gaps = [{ before: 1, reason: 'the buffer was full' }];
  const batch = { lines: ['before', 'after'], runs, cursor: null, collectorState: null, gaps };
  await server.store.logs.append(log.lease, batch);
  const { code, stdout, stderr } = await run('logs', log.job.id);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'before\nafter\n' });
  expect(linesOf(stderr)).toEqual([
    'trainyard: POD_GONE: The pod is gone. https://example.org/pod',
    'trainyard:   Look there.',
    'trainyard: lines were lost before line 1: the buffer was full',
  ]);
});

describe('followed', () => {
  test('prints lines as they come, until the job is over', async () => {
    const log = await server.openLog();
    await log.print('first');
    await using cli = startCli(['logs', log.job.id, '-f'], { url: server.url });
    await cli.shows(/first/);
    await log.print('second');
    await cli.shows(/second/);
    await log.end();
    const { code, stdout, stderr } = await cli.ended();
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'first\nsecond\n' });
    expect(stderr).toMatch(/COMPLETED/);
  });

  test.each([
    ['the last lines', ['-n', '2'], 'line 8\nline 9\nnew\n'],
    ['an offset', ['--offset', '9'], 'line 9\nnew\n'],
    ['matches', ['--grep', '[59]|new'], 'line 5\nline 9\nnew\n'],
  ])('begins with %s', async (_what, options, expected) => {
    const log = await server.openLog();
    await log.print(...numbered(0, 10));
    await using cli = startCli(['logs', log.job.id, '-f', ...options], { url: server.url });
    await cli.shows(/line 9/);
    await log.print('new');
    await log.end();
    expect((await cli.ended()).stdout).toBe(expected);
  });

  test('shows none of the old lines, where none are wanted', async () => {
    const log = await server.openLog();
    await log.print(...numbered(0, 10));
    await log.end();
    expect(await run('logs', log.job.id, '-f', '-n', '0')).toMatchObject({ code: 0, stdout: '' });
  });

  test.each([
    ['COMPLETED', 0],
    ['FAILED', 1],
    ['CANCELLED', 3],
    ['LOST', 4],
  ] as const)('tells by its exit code that the job ended %s', async (status, code) => {
    const log = await server.openLog();
    const failure =
      status === 'FAILED'
        ? { message: 'it broke', exitCode: 9, signal: null, offset: 30, excerpt: [] }
        : null;
    await server.store.jobs.update(log.job.id, () => ({ status, failure }));
    await server.store.logs.complete(log.lease);
    const ended = await run('logs', log.job.id, '-f');
    expect(ended.code).toBe(code);
    expect(ended.stderr).toBe(
      status === 'FAILED'
        ? `trainyard: FAILED: it broke (exit code 9); see: trainyard logs ${log.job.id} --offset 20 -n 30\n`
        : `trainyard: ${status}\n`,
    );
  });

  test('Ctrl-C stops the following, and says how to resume', async () => {
    const log = await server.openLog();
    await log.print('one', 'two');
    await using cli = startCli(['logs', log.job.id, '-f'], { url: server.url });
    await cli.shows(/two/);
    cli.process.kill('SIGINT');
    const { code, stderr } = await cli.ended();
    expect(code).toBe(130);
    expect(stderr).toContain(`node bin/trainyard.js logs ${log.job.id} -f --offset 2\n`);
  });
});
