import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { cliPath, runCli, startProcess } from '../support/cli.ts';
import { deploy } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await openTestApp();
  id = await deploy(app.url, { recipe: 'print', name: 'a\tjob: here' });
});
afterAll(() => app[Symbol.asyncDispose]());

async function complete(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(['__complete', '--', ...words], { url: app.url });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout === '' ? [] : stdout.trimEnd().split('\n');
}

const wordsOf = (lines: string[]) => lines.map((line) => line.split('\t', 1)[0]);

test('offers commands with what they do', async () => {
  const found = await complete('de');
  expect(found).toEqual([
    'deploy\tstart a job; prints its id',
    'delete\tDeletes a job that is over, with its log; files on its machine stay there.',
  ]);
});

test("offers a command's options, and the values of those that have some", async () => {
  expect(wordsOf(await complete('logs', '--'))).toEqual(
    expect.arrayContaining(['--follow', '--grep', '--url', '--help']),
  );
  expect(wordsOf(await complete('--url', app.url, 'logs', '--level', 'w'))).toEqual(['warning']);
  expect(wordsOf(await complete('logs', '--level', '=', 'w'))).toEqual(['warning']);
  expect(wordsOf(await complete('deploy', '--recipe', ''))).toEqual([
    'default',
    'obedient',
    'print',
  ]);
});

test('offers the ids of jobs and `last`, and nothing more where there is an id', async () => {
  expect(await complete('logs', '-f', '')).toEqual([
    expect.stringMatching(new RegExp(`^${id}\\t[A-Z]+ a job: here$`)),
    expect.stringMatching(/^last\tthe newest: [A-Z]+ a job: here$/),
  ]);
  expect(await complete('job', id, '')).toEqual([]);
  expect(wordsOf(await complete('logs', id, 'la'))).toEqual(['last']);
});

test('offers nothing, and says nothing, where the server is away', async () => {
  const { code, stdout, stderr } = await runCli(['__complete', '--', 'logs', ''], {
    url: 'http://127.0.0.1:9',
  });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('the script for bash is valid, and completes as it would at Tab', async () => {
  const { stdout: script } = await runCli(['completion', 'bash']);
  const check = startProcess('bash', ['-n'], { input: script });
  expect(await check.ended()).toEqual({ code: 0, stdout: '', stderr: '' });

  await using folder = await openFolder();
  const trainyard = join(folder.path, 'trainyard');
  await writeFile(trainyard, `#!/bin/sh\nexec "${process.execPath}" "${cliPath}" "$@"\n`, {
    mode: 0o755,
  });
  const atTab = `${script}
    COMP_WORDS=("${trainyard}" logs --output j); COMP_CWORD=3
    _trainyard "\${COMP_WORDS[0]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const shell = startProcess('bash', ['-c', atTab], { url: app.url });
  expect(await shell.ended()).toEqual({ code: 0, stdout: 'json\n', stderr: '' });
});

test.each(['zsh', 'fish'])('there is a script for %s', async (shell) => {
  const { code, stdout } = await runCli(['completion', shell]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('__complete --') });
});

test('another shell is wrong use', async () => {
  expect(await runCli(['completion', 'tcsh'])).toMatchObject({ code: 2 });
});
