import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { installUnit } from '../../src/box/install.ts';
import { systemdUnit } from '../../src/box/systemd-unit.ts';
import { openFolder } from '../support/folder.ts';

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

let folder: string;
beforeEach(async () => {
  const opened = await openFolder();
  folder = opened.path;
  return () => opened[Symbol.asyncDispose]();
});

const unit = (more: Partial<Parameters<typeof systemdUnit>[0]> = {}) =>
  systemdUnit({
    command: [process.execPath, '/srv/train yard/50%/trainer.js', '--listen'],
    folder: '/',
    environment: {},
    user: null,
    isOfSystem: true,
    ...more,
  });

describe('the unit of a training server', () => {
  test('ends no job with the server, and none with another that runs out of memory', () => {
    const lines = unit().split('\n');
    for (const line of ['KillMode=process', 'OOMPolicy=continue', 'Restart=on-failure']) {
      expect(lines).toContain(line);
    }
  });

  test('keeps the settings of the server and what jobs inherit, and no secret', () => {
    const text = unit({
      environment: {
        TRAINER_PORT: '4123',
        TRAINER_API_KEY: 'secret-1',
        TRAINYARD_TOKENS: 'secret-2',
        RUNPOD_API_KEY: 'secret-3',
        HF_TOKEN: 'secret-4',
        HF_HOME: '/srv/hf "cache" 100%\\',
        PATH: '/opt/conda/bin:/x/node_modules/.bin:/usr/bin',
        HOME: '/root',
      },
    });
    expect(text.match(/^Environment=.*$/gm)).toEqual([
      'Environment="TRAINER_PORT=4123"',
      String.raw`Environment="HF_HOME=/srv/hf \"cache\" 100%%\\"`,
      'Environment="PATH=/opt/conda/bin:/usr/bin"',
    ]);
    expect(text).not.toContain('secret');
  });

  test.runIf(hasSystemd)('has no fault that systemd finds', async () => {
    for (const isOfSystem of [true, false]) {
      const file = join(folder, 'trainyard-trainer.service');
      const environment = { HF_HOME: '/srv/hf "cache" 100%\\$x', TRAINER_PORT: '4123' };
      const odd = join(folder, 'a folder of 50% $x');
      await mkdir(odd, { recursive: true });
      const script = join(odd, 'trainer "1".js');
      await writeFile(script, '');
      const command = [process.execPath, script, '--listen'];
      const user = isOfSystem ? userInfo().username : null;
      await writeFile(file, unit({ command, folder: odd, environment, user, isOfSystem }));
      const scope = isOfSystem ? '--system' : '--user';
      const verify = promisify(execFile)('systemd-analyze', [scope, 'verify', file], {
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
      });
      expect(await verify).toEqual({ stdout: '', stderr: '' });
    }
  });
});

describe('--install', () => {
  const install = (environment: NodeJS.ProcessEnv = {}, script = import.meta.filename) =>
    installUnit({
      program: [script, '--listen'],
      environment: { TRAINYARD_DATA_DIR: join(folder, 'data'), ...environment },
      folder,
      unitFolder: join(folder, 'units'),
    });
  const written = () => readFile(join(folder, 'units/trainyard-trainer.service'), 'utf8');
  const keyFile = () => join(folder, 'data/trainer/api-key');

  test('writes a unit, and says what to start and what to paste', async () => {
    const said = install({ TRAINER_HOST: 'gpu-box', TRAINER_PORT: '4123' });
    const key = (await readFile(keyFile(), 'utf8')).trim();
    expect(said).toContain(`Written: ${join(folder, 'units/trainyard-trainer.service')}`);
    expect(said).toMatch(/systemctl (--user )?daemon-reload && .* enable --now trainyard-trainer/);
    expect(said).toContain(
      `  TRAINING_SERVER_URL=http://gpu-box:4123 TRAINING_SERVER_API_KEY=${key} npm start`,
    );
    const text = await written();
    expect(text).toContain(`"${import.meta.filename}" "--listen"`);
    expect(text).toContain(`WorkingDirectory=${folder}\n`);
    expect(text).not.toContain(key);
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'data/trainer'))).toEqual(['api-key']);
  });

  test('keeps the key that there is, and the one that is given', async () => {
    install();
    const first = await readFile(keyFile(), 'utf8');
    install();
    expect(await readFile(keyFile(), 'utf8')).toBe(first);
    expect(install({ TRAINER_API_KEY: 'mine' })).toContain('TRAINING_SERVER_API_KEY=mine ');
    expect(await readFile(keyFile(), 'utf8')).toBe('mine\n');
  });

  test('refuses a program that npx may remove, and settings that are wrong', async () => {
    const script = join(folder, '_npx/x/trainer.js');
    await mkdir(join(folder, '_npx/x'), { recursive: true });
    await writeFile(script, '');
    expect(() => install({}, script)).toThrow('npm install --global');
    expect(() => install({ TRAINER_PORT: 'x' })).toThrow('TRAINER_PORT is "x"');
  });
});
