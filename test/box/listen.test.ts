import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { startCliInTerminal } from '../support/cli.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';

let folder: string;
beforeEach(async () => {
  const opened = await openFolder();
  folder = opened.path;
  return () => opened[Symbol.asyncDispose]();
});

const settings = () => ({ TRAINYARD_DATA_DIR: folder, TRAINER_HOST: '127.0.0.1' });
const start = (env: Record<string, string> = {}) =>
  startServer({ command: 'trainer', args: ['--listen'], env: { ...settings(), ...env } });

async function statusFor(url: string, key: string | null): Promise<number> {
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  return (await fetch(`${url}/api/training/jobs`, { headers })).status;
}

test('a training server for other machines makes a key, and keeps it', async () => {
  const file = join(folder, 'trainer/api-key');
  const keys = new Set<string>();
  for (let starts = 0; starts < 2; starts += 1) {
    await using server = await start();
    const key = (await readFile(file, 'utf8')).trim();
    expect(key).toMatch(/^[\w-]{32}$/);
    keys.add(key);
    expect(await statusFor(server.url, null)).toBe(401);
    expect(await statusFor(server.url, key)).toBe(200);
    // A log is read by more people than a terminal.
    expect(server.output()).not.toContain(key);
    expect(JSON.parse(server.output().split('\n', 1)[0] ?? '')).toMatchObject({ keyFile: file });
    await server.end('SIGTERM');
  }
  expect(keys.size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a key that is given counts, and is not written down', async () => {
  await using server = await start({ TRAINER_API_KEY: 'given' });
  expect(await statusFor(server.url, 'given')).toBe(200);
  await expect(stat(join(folder, 'trainer/api-key'))).rejects.toThrow('ENOENT');
});

test('in a terminal it says what to paste on the other side, and where recipes live', async () => {
  const config = join(folder, 'trainyard.config.json');
  await writeFile(config, '{ "recipes": { "mine": { "command": ["true"] } } }');
  await using cli = startCliInTerminal(['trainer', '--listen'], {
    env: { ...settings(), TRAINYARD_CONFIG: config, TRAINER_PORT: '0' },
    columns: 200,
  });
  await cli.shows(/npm start/);
  const key = (await readFile(join(folder, 'trainer/api-key'), 'utf8')).trim();
  expect(cli.stdout).toMatch(
    new RegExp(
      `^ +TRAINING_SERVER_URL=http://127\\.0\\.0\\.1:\\d+ TRAINING_SERVER_API_KEY=${key} npm start`,
      'm',
    ),
  );
  expect(cli.stdout).toContain('Recipes    default, tiny-lm, mine');
  expect(cli.stdout).toContain(`They live on this machine, in ${config}`);
});
