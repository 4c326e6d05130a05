import { copyFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { isBuilt } from '../../bin/built.js';
import { cliPath, startCli, startProcess } from '../support/cli.ts';
import { graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { openTestServer } from '../support/server.ts';
import { startServer } from '../support/server-process.ts';

test('says its version', async () => {
  const { version } = createRequire(import.meta.url)('../../package.json');
  expect(await startCli(['--version']).ended()).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
});

test('needs no home', async () => {
  const homeless = ['-u', 'HOME', '-u', 'XDG_CACHE_HOME', process.execPath, cliPath, '--version'];
  expect(await startProcess('env', homeless).ended()).toMatchObject({ code: 0, stderr: '' });
});

/** A script that makes a Node say that it is an older one, without a Node of its own for this machine where `arch` says so. */
async function pretendOld(folder: string, arch = process.arch): Promise<string> {
  const path = join(folder, 'old.cjs');
  const versions = `{ value: { ...process.versions, node: '20.19.0' } }`;
  await writeFile(
    path,
    `Object.defineProperty(process, 'versions', ${versions});
     Object.defineProperty(process, 'arch', { value: '${arch}' });
     process.execPath = '/an/old/node';`,
  );
  return path;
}

test('a Node that is too old, where none was installed beside it, is told in one line', async () => {
  await using folder = await openFolder();
  const old = await pretendOld(folder.path, 's390x');
  const child = startProcess(process.execPath, ['--require', old, cliPath, 'jobs']);
  expect(await child.ended()).toEqual({
    code: 2,
    stdout: '',
    stderr: 'trainyard: this is Node 20.19.0; Trainyard needs Node 24 or newer.\n',
  });
});

test('a Node that is too old gives way to the one installed beside it, silently', async () => {
  await using folder = await openFolder();
  const old = ['--require', await pretendOld(folder.path), cliPath];
  const { version } = createRequire(import.meta.url)('../../package.json');
  expect(await startProcess(process.execPath, [...old, '--version']).ended()).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: '',
  });
  const wrong = await startProcess(process.execPath, [...old, 'logs']).ended();
  expect(wrong.code).toBe(2);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'under a Node that is too old, %s reaches the command, and its exit code comes back',
  async (signal) => {
    await using folder = await openFolder();
    await using server = await openTestServer();
    const log = await server.openLog();
    await log.print('one');
    const old = ['--require', await pretendOld(folder.path), cliPath];
    const args = [...old, 'logs', log.job.id, '-f'];
    await using cli = startProcess(process.execPath, args, { url: server.url });
    await cli.shows(/one/);
    cli.process.kill(signal);
    const { code, stderr } = await cli.ended();
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(stderr).toContain('Resume with: node ');
  },
);

/** A project of two programs, which say which of them runs: the newer one of source and build. */
async function openProject(home: string): Promise<{
  write(file: 'src/cli/main.ts' | 'dist/cli.js', modified: Date): Promise<void>;
  run(): Promise<string>;
}> {
  for (const name of ['bin', 'dist', 'src/cli']) await mkdir(join(home, name), { recursive: true });
  await writeFile(join(home, 'package.json'), '{"type": "module"}');
  for (const name of ['trainyard.js', 'built.js']) {
    await copyFile(join(dirname(cliPath), name), join(home, 'bin', name));
  }
  return {
    async write(file, modified) {
      await writeFile(join(home, file), `export const main = () => console.log('${file}');`);
      await utimes(join(home, file), modified, modified);
      for (const folder of ['src', 'src/cli']) await utimes(join(home, folder), long(0), long(0));
    },
    async run() {
      const { stdout } = await startProcess(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        join(home, 'bin/trainyard.js'),
      ]).ended();
      return stdout.trim();
    },
  };
}

/** Times that lie apart, all long ago. */
const long = (step: number) => new Date(2020, 0, 1 + step);

test('in a checkout, it runs what was built as long as nothing has changed since', async () => {
  await using folder = await openFolder();
  const project = await openProject(folder.path);
  await project.write('src/cli/main.ts', long(1));
  expect(await project.run()).toBe('src/cli/main.ts');
  await project.write('dist/cli.js', long(2));
  expect(await project.run()).toBe('dist/cli.js');
  await project.write('src/cli/main.ts', long(3));
  expect(await project.run()).toBe('src/cli/main.ts');
  await project.write('dist/cli.js', long(4));
  // As where a file of the sources is gone.
  await utimes(join(folder.path, 'src/cli'), long(5), long(5));
  expect(await project.run()).toBe('src/cli/main.ts');
});

test('inside node_modules, it runs what was built', async () => {
  await using folder = await openFolder();
  const home = join(folder.path, 'node_modules', 'trainyard');
  const project = await openProject(home);
  await project.write('dist/cli.js', long(1));
  await rm(join(home, 'src'), { recursive: true });
  expect(await project.run()).toBe('dist/cli.js');
});

test('the tests run what was built, and it tells gateways the committed schema', async () => {
  expect(isBuilt()).toBe(true);
  await using folder = await openFolder();
  await using server = await startServer({ env: { TRAINYARD_DATA_DIR: folder.path } });
  const { data } = await graphql(server.url, '{ _service { sdl } }');
  const committed = new URL('../../schema/schema.graphql', import.meta.url);
  expect(data._service.sdl).toBe(await readFile(committed, 'utf8'));
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
