import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { invocationOf, shellWord } from '../../src/cli/invocation.ts';
import { cliPath, startProcess } from '../support/cli.ts';
import { openFolder } from '../support/folder.ts';
import { openTestServer } from '../support/server.ts';

const run = promisify(execFile);

test.each([
  ['npx', { environment: { npm_command: 'exec' } }, 'npx trainyard'],
  [
    'a script of npm',
    { environment: { npm_lifecycle_event: 'trainyard' } },
    'npm run --silent trainyard --',
  ],
  [
    'a link on the PATH',
    { script: '/usr/bin/trainyard', environment: { PATH: '/bin:/usr/bin' } },
    'trainyard',
  ],
  [
    'a link elsewhere',
    { script: '/opt/x/trainyard', environment: { PATH: '/bin' } },
    '/opt/x/trainyard',
  ],
  ['a link here', { script: '/home/me/trainyard', environment: {} }, './trainyard'],
  [
    'node, in a checkout',
    { script: '/home/me/bin/trainyard.js', environment: {} },
    'node bin/trainyard.js',
  ],
  [
    'node, elsewhere',
    { script: "/it's/bin/trainyard.js", environment: {} },
    String.raw`node '/it'\''s/bin/trainyard.js'`,
  ],
  ['a program of somebody else', { environment: {} }, 'trainyard'],
])('started by %s, hints begin so', (_what, start, words) => {
  expect(invocationOf({ script: undefined, folder: '/home/me', ...start })).toBe(words);
});

test('a hint runs as it is printed, for the same server', async () => {
  await using server = await openTestServer();
  await using folder = await openFolder();
  const folders = join(folder.path, 'a folder');
  await mkdir(folders);
  await symlink(cliPath, join(folders, 'trainyard'));
  const { job, print, end } = await server.openLog();
  await print('the first line');
  await end();
  const shell = `cd '${folders}' && ./trainyard --url ${server.url} open ${job.id}`;
  const PATH = `${join(process.execPath, '..')}:${process.env.PATH}`;
  const { stderr } = await startProcess('sh', ['-c', shell], { env: { PATH } }).ended();
  const hint = /Its log: (.*)\n$/.exec(stderr)?.[1] ?? '';
  expect(hint).toBe(`./trainyard --url ${server.url} logs ${job.id}`);
  const { stdout } = await run('sh', ['-c', hint], { cwd: folders, env: { PATH } });
  expect(stdout).toBe('the first line\n');
});

test('a word that a shell would read otherwise is quoted', () => {
  expect(['a', 'http://x:1/y', 'a b', '$(x)'].map(shellWord)).toEqual([
    'a',
    'http://x:1/y',
    "'a b'",
    "'$(x)'",
  ]);
});
