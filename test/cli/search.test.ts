import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  for (const [name, tags, lines] of [
    ['calm', [], ['all is well']],
    ['small', ['sweep'], ['begun', 'CUDA out of memory', 'Traceback']],
    ['large', ['sweep', 'big'], Array.from({ length: 120 }, (_, n) => `cuda OUT of memory ${n}`)],
  ] as const) {
    const log = await server.openLog({ name, tags: [...tags] });
    await log.print(...lines);
  }
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(['search', ...args], { url: server.url });

test('each job comes with how many lines match, and the first of them', async () => {
  const { code, stdout } = await run('(?i)out of memory', '-n', '1');
  expect(code).toBe(0);
  const [large, first, small, second, ...rest] = stdout.trimEnd().split('\n');
  expect(large).toMatch(/^\w{16} {2}large {2}QUEUED {2}\S+ ago, 120 lines$/);
  expect(first).toBe('  0  cuda OUT of memory 0');
  expect(small).toMatch(/small {2}QUEUED {2}\S+ ago, 1 line$/);
  expect(second).toBe('  1  CUDA out of memory');
  expect(rest).toEqual([]);
});

test('which jobs and lines can be said, and the numbers are as JSON', async () => {
  const { stdout } = await run('-F', 'of memory', '--tag', 'sweep', '--tag', 'big', '-o', 'json');
  const [large, ...others] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(others).toEqual([]);
  expect(large).toMatchObject({ job: { name: 'large' }, matches: 120, whole: true });
  expect(large.lines).toHaveLength(3);
  expect((await run('Traceback', '--status', 'failed')).stderr).toContain('no line of any');
  expect((await run('.', '--since', '1s', '--provider', 'none')).stdout).toBe('');
});

test('of more jobs than are asked for, the others are told of', async () => {
  const { stdout, stderr } = await run('(?i)cuda', '--limit', '1', '-n', '0');
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toContain('the first 1 jobs; --limit shows more');
});

test('a broken expression is refused in words', async () => {
  const { code, stderr } = await run('(');
  expect(code).toBe(5);
  expect(stderr).toContain('is not an RE2 expression');
});
