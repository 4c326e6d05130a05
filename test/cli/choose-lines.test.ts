import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moment } from '../../src/cli/definitions/moment.ts';
import { runCli, startCli } from '../support/cli.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: server.url });
const logs = async (log: TestLog, ...args: string[]) => {
  const { stdout } = await run('logs', log.job.id, ...args);
  return stdout.trimEnd().split('\n');
};

/** Appends lines that were printed at these times. */
async function printAt(log: TestLog, lines: readonly (readonly [time: number, text: string])[]) {
  await server.store.logs.append(log.lease, {
    lines: lines.map(([, text]) => text),
    runs: lines.map(([time]) => ({ count: 1, time, source: null })),
    cursor: null,
    collectorState: null,
  });
}

const hour = 3_600_000;

describe('by time', () => {
  const now = Date.now();
  let log: TestLog;
  beforeAll(async () => {
    log = await server.openLog();
    await printAt(log, [
      [now - 30 * hour, 'yesterday'],
      [now - 2 * hour, 'two hours ago'],
      [now - 0.5 * hour, 'half an hour ago'],
    ]);
  });

  test.each([
    ['--since 1h', ['half an hour ago']],
    ['--since 1d', ['two hours ago', 'half an hour ago']],
    ['--since 1d --until 1h', ['two hours ago']],
    [`--until ${new Date(now - 24 * hour).toISOString()}`, ['yesterday']],
  ])('%s', async (options, lines) => {
    expect(await logs(log, ...options.split(' '))).toEqual(lines);
  });

  test('what is no time is refused as wrong use', async () => {
    for (const wrong of ['1y', 'yesterday', '2026-13-01', '']) {
      const { code, stderr } = await run('logs', log.job.id, '--since', wrong);
      expect(code).toBe(2);
      expect(stderr).toContain('It must be a time ago, such as');
    }
  });
});

test.each([
  ['90s', 90_000],
  ['1h30m', 1.5 * hour],
  ['0.5h', hour / 2],
  ['2w', 14 * 24 * hour],
])('%s is so long ago', (text, ms) => {
  const before = Date.now();
  const then = moment(text).getTime() + ms;
  expect(then).toBeGreaterThanOrEqual(Math.floor(before));
  expect(then).toBeLessThanOrEqual(Date.now());
});

test('a time without a zone is that of the clock on the wall', () => {
  expect(moment('2026-01-31T14:00')).toEqual(new Date(2026, 0, 31, 14));
  expect(moment('2026-01-31')).toEqual(new Date(2026, 0, 31));
  expect(moment('2026-01-31T14:00+02:00')).toEqual(new Date(Date.UTC(2026, 0, 31, 12)));
});

describe('times before lines', () => {
  test.each([
    ['utc', /^2026-01-31T12:00:00\.250Z hello$/],
    ['local', /^2026-01-\d\d \d\d:\d\d:00\.250 hello$/],
    ['relative', /^-\d+:\d\d:\d\d\.\d{3} hello$/],
  ])('%s', async (clock, shown) => {
    const log = await server.openLog();
    await printAt(log, [[Date.UTC(2026, 0, 31, 12, 0, 0, 250), 'hello']]);
    expect((await logs(log, '--time', clock))[0]).toMatch(shown);
  });

  test('relative ones count from the start of the job', async () => {
    const log = await server.openLog();
    await server.store.jobs.update(log.job.id, () => ({ status: 'RUNNING', startedAt: 1_000_000 }));
    await printAt(log, [
      [1_000_000, 'one'],
      [1_000_000 + 25 * hour + 61_001, 'two'],
    ]);
    expect(await logs(log, '--time', 'relative')).toEqual([
      '+00:00:00.000 one',
      '+25:01:01.001 two',
    ]);
  });
});

describe('what matches, and what is around it', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await server.openLog();
    const lines = Array.from({ length: 3000 }, (_, at) => `line ${at}`);
    for (const at of [3, 5, 20, 2500]) lines[at] = `ERROR at ${at}`;
    for (const at of [18, 19]) lines[at] = `noise ${at}`;
    await log.print(...lines);
  });

  test.each([
    [
      '-C 1',
      [
        'line 2',
        'E 3',
        'line 4',
        'E 5',
        'line 6',
        '--',
        'noise 19',
        'E 20',
        'line 21',
        '--',
        'line 2499',
        'E 2500',
        'line 2501',
      ],
    ],
    [
      '-A 1',
      ['E 3', 'line 4', 'E 5', 'line 6', '--', 'E 20', 'line 21', '--', 'E 2500', 'line 2501'],
    ],
    [
      '-B 2',
      [
        'line 1',
        'line 2',
        'E 3',
        'line 4',
        'E 5',
        '--',
        'noise 18',
        'noise 19',
        'E 20',
        '--',
        'line 2498',
        'line 2499',
        'E 2500',
      ],
    ],
    [
      '-B 1 --exclude noise',
      ['line 2', 'E 3', 'line 4', 'E 5', '--', 'line 17', 'E 20', '--', 'line 2499', 'E 2500'],
    ],
    ['-C 1 -n 1', ['line 2499', 'E 2500', 'line 2501']],
    ['-A 1 --offset 4 -n 2', ['E 5', 'line 6', '--', 'E 20', 'line 21']],
    ['-C 0', ['E 3', 'E 5', 'E 20', 'E 2500']],
  ])('%s', async (options, shown) => {
    const expected = shown.map((line) => line.replace(/^E /, 'ERROR at '));
    expect(await logs(log, '--grep', 'ERROR', ...options.split(' '))).toEqual(expected);
    expect(await logs(log, '--level', 'error', ...options.split(' '))).toEqual(expected);
  });

  test('-n counts the lines that pass, from the end', async () => {
    expect(await logs(log, '--grep', 'ERROR', '-n', '3')).toEqual([
      'ERROR at 5',
      'ERROR at 20',
      'ERROR at 2500',
    ]);
  });

  test('as JSON there are lines alone', async () => {
    const lines = await logs(log, '--grep', 'ERROR', '-C', '1', '-o', 'json');
    expect(lines.map((line) => JSON.parse(line).offset)).toEqual([
      2, 3, 4, 5, 6, 19, 20, 21, 2499, 2500, 2501,
    ]);
  });

  test('without anything to match, lines around it are wrong use', async () => {
    const { code, stderr } = await run('logs', log.job.id, '-C', '2');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'trainyard: Give --grep or --level with -A, -B or -C.\n',
    });
  });
});

test('followed, lines around a match come as they are printed', async () => {
  const log = await server.openLog();
  await log.print('a', 'b', 'ERROR 1');
  const args = ['logs', log.job.id, '-f', '--grep', 'ERROR', '-C', '1'];
  await using cli = startCli(args, { url: server.url });
  await cli.shows(/ERROR 1/);
  await log.print('c', 'd', 'e');
  await log.print('ERROR 2');
  await log.end();
  expect((await cli.ended()).stdout).toBe('b\nERROR 1\nc\n--\ne\nERROR 2\n');
});

test('followed, -n counts the lines that pass', async () => {
  const log = await server.openLog();
  await log.print('yes 1', 'yes 2', 'no', 'no', 'yes 3', 'no');
  await log.end();
  const { stdout } = await run('logs', log.job.id, '-f', '--exclude', 'no', '-n', '2');
  expect(stdout).toBe('yes 2\nyes 3\n');
});

test('an offset beyond the end is told', async () => {
  const log = await server.openLog();
  await log.print('a', 'b');
  const { code, stdout, stderr } = await run('logs', log.job.id, '--offset', '5');
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: '',
    stderr: 'trainyard: the log has 2 lines so far, so there is no line 5 yet\n',
  });
  await using cli = startCli(['logs', log.job.id, '-f', '--offset', '3'], { url: server.url });
  await cli.shows(/the log has 2 lines so far; waiting for line 3/);
  await log.print('c', 'd');
  await log.end();
  expect((await cli.ended()).stdout).toBe('d\n');
});

test('the command that resumes chooses and shows the same lines', async () => {
  const log = await server.openLog();
  await log.print('INFO to n', 'INFO x');
  const options = ['--exclude', 'x', '--level', 'info', '-C', '2', '--time', 'local'];
  const args = ['logs', log.job.id, '-f', '--grep', 't|o n', ...options];
  await using cli = startCli(args, { url: server.url });
  await cli.shows(/INFO to n/);
  cli.process.kill('SIGINT');
  const { stderr } = await cli.ended();
  expect(stderr).toContain(
    ` logs ${log.job.id} -f --offset 2 --grep 't|o n' --exclude x --level info -C 2 --time local`,
  );
});
