import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await openTestApp();
  id = await deploy(app.url, { recipe: 'print', name: 'first', config: { lines: 1, lr: 0.1 } });
});
afterAll(() => app[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(['rerun', ...args], { url: app.url });

async function jobOf(of: string) {
  const query = '($id: ID!) { job(id: $id) { name modelName config rerunOf { id } } }';
  const { data } = await graphql(app.url, `query ${query}`, { id: of });
  return data.job;
}

test('runs a job again with other settings, and prints the new id alone', async () => {
  await using folder = await openFolder();
  const more = join(folder.path, 'more.yaml');
  await writeFile(more, 'seed: 7\n');
  const changes = ['--config', 'lr=1e-5', '--config', `@${more}`, '--name', 'second'];
  const { code, stdout, stderr } = await run('first', ...changes);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\w{16}\n$/) });
  expect(stderr).toContain(`trainyard logs ${stdout.trim()} -f`);
  expect(await jobOf(stdout.trim())).toEqual({
    name: 'second',
    modelName: 'test-model',
    config: { lines: 1, lr: 0.00001, seed: 7 },
    rerunOf: { id },
  });
});

test('the new job tells which one it repeats', async () => {
  const { stdout } = await run('first');
  const shown = await runCli(['job', stdout.trim()], { url: app.url });
  expect(shown.stdout).toMatch(new RegExp(`^Repeats +${id} \\(first\\)$`, 'm'));
});

test('with --follow, prints the log, and tells by its exit code how the job ended', async () => {
  const { code, stdout } = await run(id, '-f', '--config', 'lines=2', '--config', 'exit=7');
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'line 0\nline 1\n' });
});

test.each([
  ['a config that is none', [() => id, '--config', 'lr'], 2, 'KEY=VALUE'],
  ['a number that JSON cannot hold', [() => id, '--config', 'n=9007199254740993'], 2, 'config.n'],
  ['a job that is not there', [() => 'nowhere'], 5, 'There is no job "nowhere"'],
  ['options of another kind', [() => id, '--gpu-count', '2'], 5, 'RUNPOD'],
])('refuses %s', async (_what, [given, ...flags], code, message) => {
  const words = [given, ...flags].map((word) => (typeof word === 'function' ? word() : word));
  const refused = await run(...words.filter((word) => word !== undefined));
  expect(refused.code).toBe(code);
  expect(refused.stderr).toContain(message);
});
