import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/lib/system/make-folder.ts';
import { openFolder } from '../support/folder.ts';

test('makes a folder for its owner alone, with those above it, or takes the one that is there', async () => {
  await using folder = await openFolder();
  const path = join(folder.path, 'a/b/c');
  makeFolder(path);
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('says so where none can be made', async () => {
  await using folder = await openFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  expect(() => makeFolder(file)).toThrow('EEXIST');
  expect(() => makeFolder(join(file, 'a/b'))).toThrow('ENOTDIR');
});

// Node's own `recursive` would never come back.
test.runIf(process.platform === 'linux')('says so at once in /proc, too', () => {
  expect(() => makeFolder('/proc/nope/nope')).toThrow('ENOENT');
});
