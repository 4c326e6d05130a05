import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { openTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
  // The third one has the first one's id as a part of its name.
  await server.openLog({ id: 'aa00000000000000', name: 'first run' });
  await server.openLog({ id: 'aa11111111111111', name: 'twins' });
  await server.openLog({ id: 'bb00000000000000', name: 'of aa00000000000000' });
  await server.openLog({ id: 'bb11111111111111', name: 'twins' });
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: server.url });

async function found(given: string): Promise<string> {
  const { stdout } = await run('job', given, '-o', 'json');
  return JSON.parse(stdout).id;
}

test.each([
  ['its id', 'aa00000000000000', 'aa00000000000000'],
  ['the beginning of its id', 'aa0', 'aa00000000000000'],
  ['its name', 'first run', 'aa00000000000000'],
  ['`last`, which is the newest', 'last', 'bb11111111111111'],
])('a job is found by %s', async (_what, given, id) => {
  expect(await found(given)).toBe(id);
});

test.each([
  ['the beginning of several ids', 'aa', ['aa11111111111111', 'aa00000000000000']],
  ['the name of several jobs', 'twins', ['bb11111111111111', 'aa11111111111111']],
])('for %s, the jobs are listed', async (_what, given, ids) => {
  const { code, stdout, stderr } = await run('delete', given);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  const [first, ...lines] = stderr.trimEnd().split('\n');
  expect(first).toBe(`trainyard: "${given}" may be any of 2 jobs; give more of the id:`);
  expect(lines.map((line) => /^trainyard: {3}(\w{16}) {2}QUEUED {2}/.exec(line)?.[1])).toEqual(ids);
});

test('what names no job is told as such, also where it is a part of some', async () => {
  const { code, stderr } = await run('logs', 'win');
  expect({ code, stderr }).toEqual({
    code: 5,
    stderr: 'trainyard: NOT_FOUND: There is no job "win". `trainyard jobs` lists them.\n',
  });
});

test('an empty text is no job, even where there is one job alone', async () => {
  await using other = await openTestServer();
  const { job } = await other.openLog();
  const { code, stderr } = await runCli(['delete', ''], { url: other.url });
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'trainyard: The job is an empty text.\n' });
  expect(await other.store.jobs.get(job.id)).not.toBeNull();
});

describe('every command that takes a job takes a part of its id', () => {
  test.each([
    ['cancel', 'bb1'],
    ['logs', 'bb1'],
    ['open', 'bb1'],
  ])('%s', async (command, given) => {
    const { stdout, stderr } = await run(command, given);
    expect(stdout + stderr).not.toContain('NOT_FOUND: There is no job');
  });
});

test('without jobs, `last` says how to start one', async () => {
  await using empty = await openTestServer();
  const { code, stderr } = await runCli(['logs', 'last'], { url: empty.url });
  expect({ code, stderr }).toEqual({
    code: 5,
    stderr: 'trainyard: NOT_FOUND: There are no jobs yet. Start one: trainyard deploy --help\n',
  });
});
