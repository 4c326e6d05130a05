import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cliPath, runCli, startCli, startProcess } from '../support/cli.ts';
import { openFolder } from '../support/folder.ts';

test('says its version', async () => {
  const { version } = createRequire(import.meta.url)('../../package.json');
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('a Node that is too old is told in one line', async () => {
  await using folder = await openFolder();
  const old = join(folder.path, 'old.cjs');
  await writeFile(
    old,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });`,
  );
  const child = startProcess(process.execPath, ['--require', old, cliPath, 'jobs']);
  expect(await child.ended()).toEqual({
    code: 2,
    stdout: '',
    stderr: 'trainyard: this is Node 20.19.0; Trainyard needs Node 24 or newer.\n',
  });
});

test('inside node_modules, it runs what was built', async () => {
  await using folder = await openFolder();
  const home = join(folder.path, 'node_modules', 'trainyard');
  await mkdir(join(home, 'bin'), { recursive: true });
  await mkdir(join(home, 'dist', 'cli'), { recursive: true });
  await writeFile(join(home, 'package.json'), '{"type": "module"}');
  await writeFile(
    join(home, 'dist/cli/main.js'),
    `export const main = () => console.log('built');`,
  );
  await copyFile(cliPath, join(home, 'bin/trainyard.js'));
  const child = startProcess(process.execPath, [join(home, 'bin/trainyard.js')]);
  expect(await child.ended()).toEqual({ code: 0, stdout: 'built\n', stderr: '' });
});

test.each([
  ['serve', { PORT: '0', LOG_LEVEL: 'warn' }],
  ['trainer', { TRAINER_PORT: '0', LOG_LEVEL: 'warn' }],
])('`%s` runs a server until it is told to stop', async (command, env) => {
  await using folder = await openFolder();
  await using cli = startCli([command], { env: { ...env, TRAINYARD_DATA_DIR: folder.path } });
  await cli.shows(/http:\/\/127\.0\.0\.1:\d+/);
  cli.process.kill('SIGTERM');
  expect((await cli.ended()).code).toBe(0);
});
