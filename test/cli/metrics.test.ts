import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawCurve, type Series } from '../../src/cli/screen/curve.ts';
import { Screen } from '../../src/cli/screen/screen.ts';
import { runCli } from '../support/cli.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: server.url });

/** Stores values of one metric, each read from a line of its own. */
async function tell(log: TestLog, name: string, values: readonly number[]): Promise<void> {
  const { total } = await server.store.logs.head(log.job.id);
  await server.store.logs.append(log.lease, {
    lines: values.map((value, at) => `${name} ${value} at ${at}`),
    runs: [{ count: values.length, time: 1_000_000, source: null }],
    cursor: null,
    collectorState: null,
    metrics: values.map((value, at) => ({
      ...{ name, step: 10 * at, value, time: 1_000_000, line: total + at },
    })),
  });
}

describe('of a job with metrics', () => {
  let log: TestLog;
  beforeAll(async () => {
    log = await server.openLog({ name: 'run' });
    await tell(log, 'loss', [4, 3, Number.NaN, Number.POSITIVE_INFINITY, 1.23456]);
    await tell(log, 'grad,norm', [7]);
  });

  test('all are told in short, with what is not finite, and the loss is drawn', async () => {
    const { code, stdout } = await run('metrics', 'run');
    const [head, loss, norm, , title, top] = stdout.split('\n');
    expect(code).toBe(0);
    expect(head).toMatch(/^NAME +VALUES +FIRST +LAST +LEAST +GREATEST +NOT FINITE$/);
    expect(loss).toMatch(/^loss +5 +4 +1\.235 +1\.235 +4 +NaN at step 20, line 2, and 1 more$/);
    expect(norm).toMatch(/^grad,norm +1 +7 +7 +7 +7$/);
    expect(title).toBe('loss  5 values, last 1.235 at step 40  NaN at step 20, line 2, and 1 more');
    expect(top).toMatch(/^ +4 ┤/);
    expect(stdout).not.toContain('grad,norm  1 value');
  });

  test('those that are named are drawn', async () => {
    const { stdout } = await run('metrics', log.job.id, 'grad,norm', 'loss');
    expect(stdout.split('\n').filter((line) => / values?, last /.test(line))).toHaveLength(2);
  });

  test('as CSV, all values in the order of the log', async () => {
    const { stdout } = await run('metrics', log.job.id, '-o', 'csv');
    const time = new Date(1_000_000).toISOString();
    expect(stdout.trimEnd().split('\n')).toEqual([
      'name,step,value,time,line',
      `loss,0,4,${time},0`,
      `loss,10,3,${time},1`,
      `loss,20,nan,${time},2`,
      `loss,30,inf,${time},3`,
      `loss,40,1.23456,${time},4`,
      `"grad,norm",0,7,${time},5`,
    ]);
  });

  test('as JSON, an object for each', async () => {
    const { stdout } = await run('metrics', log.job.id, 'loss', '-o', 'json');
    const values = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values.map(({ value }) => value)).toEqual([4, 3, null, null, 1.23456]);
    expect(values[3]).toMatchObject({ name: 'loss', step: 30, notFinite: 'INFINITY', line: 3 });
  });

  test('a name that the log does not tell is refused with what was meant', async () => {
    const { code, stderr } = await run('metrics', log.job.id, 'los');
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr:
        'trainyard: NOT_FOUND: The log tells no "los" (is it "loss"?); it tells loss, grad,norm.\n',
    });
  });
});

test('a log without metrics says so', async () => {
  const log = await server.openLog();
  const { code, stdout, stderr } = await run('metrics', log.job.id);
  const told = 'trainyard: the log tells no metrics yet\n';
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: told });
});

test('where a series has more values than come, that is told', async () => {
  const log = await server.openLog();
  const values = Array.from({ length: 9000 }, (_, at) => (at === 4321 ? 99 : Math.sin(at)));
  await tell(log, 'loss', values);
  const { stdout, stderr } = await run('metrics', log.job.id, '-o', 'csv');
  expect(stderr).toMatch(/loss has 9000 values; these are \d+ of them, every extreme among them/);
  expect(stdout).toContain('loss,43210,99,');
});

describe('a curve', () => {
  const screen = new Screen({ stdout: process.stdout, stderr: process.stderr, dumb: true });
  const plain = Object.assign(Object.create(screen), { paint: (_: unknown, text: string) => text });
  const time = new Date(0).toISOString();
  const series = (values: (number | null)[]): Series => ({
    name: 'loss',
    seen: values.length,
    points: values.flatMap((value, step) =>
      value === null ? [] : [{ step, value, time, line: step }],
    ),
    notFinite: values.flatMap((value, step) =>
      value === null ? [{ step, kind: 'NAN' as const, time, line: step }] : [],
    ),
  });

  test('goes from the greatest value down to the least, within its width', () => {
    const rows = drawCurve(plain, series([8, 0]), 30);
    expect(rows).toHaveLength(14);
    expect(rows[0]).toMatch(/^ *8 ┤[⠁-⣿]/);
    expect(rows[0]?.at(-1)).toBe('⠀');
    expect(rows[11]).toMatch(/^ *0 ┤.*[⠁-⣿]$/);
    expect(rows[13]).toMatch(/^ +0 +1$/);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(30);
  });

  test('has a hole and a cross where a value is not finite', () => {
    const rows = drawCurve(plain, series([5, 5, null, 5, 5]), 33);
    const drawn = rows.find((row) => /[⠁-⣿]/.test(row)) ?? '';
    const cross = rows[12] ?? '';
    expect(cross.trim()).toBe('×');
    expect(drawn.charAt(cross.indexOf('×'))).toBe('⠀');
  });

  test.each([
    ['one value', [3]],
    ['equal values', [3, 3]],
    ['no finite value', [null, null]],
    ['a huge range', [1e300, -1e300]],
  ])('of %s is drawn', (_what, values) => {
    const rows = drawCurve(plain, series(values), 40);
    expect(rows.length).toBeGreaterThanOrEqual(14);
    expect(rows.join('\n')).not.toMatch(/NaN|undefined|Infinity/);
  });
});
