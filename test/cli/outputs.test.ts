import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatBytes } from '../../src/cli/screen/bytes.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { runCli, startCli } from '../support/cli.ts';
import { openCuttingProxy } from '../support/cutting-proxy.ts';
import { openFolder } from '../support/folder.ts';
import { jobWithOutputs, outputFile } from '../support/outputs.ts';

const large = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `line ${n}\n`).join(''));
const megabyte = 1024 * 1024;

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await openTestApp();
  id = await jobWithOutputs(app, { 'model/large.bin': large, note: 'hi\n', empty: '' });
});
afterAll(() => app[Symbol.asyncDispose]());

let folder: string;
beforeEach(async () => {
  const opened = await openFolder();
  folder = opened.path;
  return () => opened[Symbol.asyncDispose]();
});

const run = (...args: string[]) => runCli(args, { url: app.url });
const here = (name: string) => join(folder, name);

test('what a job has made is listed, for people and as objects', async () => {
  const { code, stdout, stderr } = await run('outputs', id);
  expect(code).toBe(0);
  expect(stdout.replaceAll(/\d{4}-\S+Z/g, 'TIME').split(/\n/)).toEqual([
    expect.stringMatching(/^SIZE +MODIFIED +PATH$/),
    '0 B      TIME   empty',
    '3.5 MB   TIME   model/large.bin',
    '3 B      TIME   note',
    '',
  ]);
  expect(stderr).toContain(`outputs ${id} get PATH`);
  const objects = (await run('outputs', id, '-o', 'json')).stdout.trimEnd().split('\n');
  expect(objects.map((line) => JSON.parse(line))).toMatchObject([
    { path: 'empty', bytes: 0 },
    { path: 'model/large.bin', bytes: large.length },
    { path: 'note', bytes: 3 },
  ]);
});

describe('get', () => {
  test('fetches a file, checks it and prints where it is', async () => {
    const to = here('new/folder/');
    const { code, stdout, stderr } = await run('outputs', id, 'get', 'model/large.bin', '--to', to);
    const file = here('new/folder/large.bin');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${file}\n`,
      stderr: 'trainyard: 3.5 MB, checked\n',
    });
    expect((await readFile(file)).equals(large)).toBe(true);
    await run('outputs', id, 'get', 'empty', '--to', here('empty'));
    expect(await readFile(here('empty'), 'utf8')).toBe('');
  });

  test('goes on across broken connections, without fetching anything twice', async () => {
    let passed = 0;
    await using proxy = await openCuttingProxy(app.url, () => {
      passed += megabyte;
      return megabyte;
    });
    const file = here('large');
    const args = ['outputs', id, 'get', 'model/large.bin', '--to', file];
    const { code, stderr } = await runCli(args, { url: proxy.url });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await readFile(file)).equals(large)).toBe(true);
    expect(stderr).toMatch(/going on with what is missing/);
    expect(proxy.cuts).toBeGreaterThanOrEqual(3);
    expect(passed).toBeLessThan(3 * large.length);
    expect([existsSync(`${file}.part`), existsSync(`${file}.part.json`)]).toEqual([false, false]);
  });

  test.each([['SIGINT', 130] as const, ['SIGTERM', 143] as const])(
    'goes on where %s has stopped it',
    async (signal, code) => {
      // Its first connection brings two megabytes, and the next one nothing.
      await using proxy = await openCuttingProxy(app.url, () => {
        proxy.freezeNew();
        return 2 * megabyte;
      });
      const file = here('large');
      const args = ['outputs', id, 'get', 'model/large.bin', '--to', file];
      await using cli = startCli(args, { url: proxy.url });
      await cli.shows(/going on with what is missing/);
      cli.process.kill(signal);
      const stopped = await cli.ended();
      expect(stopped.code).toBe(code);
      expect(stopped.stderr).toContain('the same command goes on where it was');
      const { length } = await readFile(`${file}.part`);
      expect(length).toBeGreaterThan(megabyte);

      await using rest = await openCuttingProxy(app.url, () => large.length - length + megabyte);
      expect(await runCli(args, { url: rest.url })).toMatchObject({ code: 0 });
      expect((await readFile(file)).equals(large)).toBe(true);
      expect(rest.cuts).toBe(0);
    },
  );

  test('fetches a file anew that has changed since', async () => {
    const file = here('changing');
    const made = outputFile(app, id, 'changing');
    await writeFile(made, 'before');
    await run('outputs', id, 'get', 'changing', '--to', file);
    const part = { path: `/jobs/${id}/outputs/changing`, etag: '"of-before"' };
    await writeFile(`${file}.part`, 'bef');
    await writeFile(`${file}.part.json`, JSON.stringify(part));
    await writeFile(made, 'afterwards');
    expect(await run('outputs', id, 'get', 'changing', '--to', file, '--force')).toMatchObject({
      code: 0,
    });
    expect(await readFile(file, 'utf8')).toBe('afterwards');
  });

  test('finds by its checksum that what is here is not what the server has', async () => {
    const file = here('large');
    const args = ['outputs', id, 'get', 'model/large.bin', '--to', file];
    const { etag } = Object.fromEntries(
      (await fetch(`${app.url}/jobs/${id}/outputs/model/large.bin`, { method: 'HEAD' })).headers,
    );
    const path = `/jobs/${id}/outputs/model/large.bin`;
    await writeFile(`${file}.part`, Buffer.concat([Buffer.from('X'), large.subarray(1)]));
    await writeFile(`${file}.part.json`, JSON.stringify({ path, etag }));
    const { code, stderr } = await run(...args);
    expect(code).toBe(5);
    expect(stderr).toContain('the checksums differ');
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, false]);
    expect(await run(...args)).toMatchObject({ code: 0 });
  });

  test('a part that is whole already is only checked', async () => {
    const file = here('large');
    const path = `/jobs/${id}/outputs/model/large.bin`;
    const head = await fetch(app.url + path, { method: 'HEAD' });
    await writeFile(`${file}.part`, large);
    await writeFile(`${file}.part.json`, JSON.stringify({ path, etag: head.headers.get('etag') }));
    await using proxy = await openCuttingProxy(app.url, () => megabyte);
    const args = ['outputs', id, 'get', 'model/large.bin', '--to', file];
    expect(await runCli(args, { url: proxy.url })).toMatchObject({ code: 0 });
    expect(proxy.cuts).toBe(0);
  });

  test('replaces nothing that is here, unless it is told to', async () => {
    const file = here('note');
    await writeFile(file, 'mine');
    const refused = await run('outputs', id, 'get', 'note', '--to', file);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is here already: name another file by --to');
    expect(await readFile(file, 'utf8')).toBe('mine');
    await run('outputs', id, 'get', 'note', '--to', file, '--force');
    expect(await readFile(file, 'utf8')).toBe('hi\n');
  });

  test.each([
    ['a file that the job has not made', ['get', 'nothing'], 5, /NOT_FOUND: .*nothing/],
    ['a path that leads out', ['get', '../job.json'], 5, /has made no "\.\.\/job\.json"/],
    ['no file', ['get'], 2, /Name the file to get/],
    ['another word than get', ['fetch', 'note'], 2, /Allowed choices are get/],
    [
      'a place where nothing can be written',
      ['get', 'note', '--to', '/etc/passwd/x'],
      2,
      /cannot be written/,
    ],
  ])('refuses %s in one line', async (_, args, code, message) => {
    const said = await run('outputs', id, ...args);
    expect(said.code).toBe(code);
    expect(said.stderr).toMatch(message);
    expect(existsSync('nothing.part')).toBe(false);
  });
});

test('sizes are told as people read them', () => {
  const sizes = [0, 999, 1000, 9949, 9950, 999_499, 999_500, 1_500_000, 2.34e11, 1e20];
  expect(sizes.map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '1.5 MB',
    '234 GB',
    '100000 PB',
  ]);
});
