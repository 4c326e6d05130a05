import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packFiles } from '../../../src/providers/runpod/deploy/files.ts';
import { openFolder } from '../../support/folder.ts';

test('packs files and folders so that tar unpacks them as they were', async () => {
  await using from = await openFolder();
  await using to = await openFolder();
  const deep = `${'a-rather-long-name/'.repeat(6)}deep.txt`;
  await mkdir(path.join(from.path, path.dirname(deep)), { recursive: true });
  await mkdir(path.join(from.path, '.git'));
  await writeFile(path.join(from.path, '.git/HEAD'), '');
  await writeFile(path.join(from.path, deep), 'äöü\n'.repeat(1000));
  await writeFile(path.join(from.path, 'run.sh'), 'echo hi');
  await chmod(path.join(from.path, 'run.sh'), 0o755);
  await writeFile(path.join(from.path, 'empty'), '');
  await writeFile(path.join(from.path, 'left at home'), '');
  await symlink('/etc/passwd', path.join(from.path, 'a-rather-long-name/link'));
  const paths = ['run.sh', 'a-rather-long-name', 'empty', './.git'];
  const packed = await packFiles(from.path, paths);
  expect(packed).toEqual(await packFiles(from.path, paths.toReversed()));
  await writeFile(path.join(to.path, 'files.tgz'), packed);
  await promisify(execFile)('tar', ['-xzf', 'files.tgz'], { cwd: to.path });
  expect((await readdir(to.path)).sort()).toEqual([
    '.git',
    'a-rather-long-name',
    'empty',
    'files.tgz',
    'run.sh',
  ]);
  expect(await readFile(path.join(to.path, deep), 'utf8')).toBe('äöü\n'.repeat(1000));
  expect((await stat(path.join(to.path, 'run.sh'))).mode & 0o777).toBe(0o755);
  expect(await readdir(path.join(to.path, 'a-rather-long-name'))).toEqual(['a-rather-long-name']);
});

test.each([
  ['is not there', 'nowhere'],
  ['is outside', '../else'],
])('refuses a path that %s', async (reason, file) => {
  await using from = await openFolder();
  await expect(packFiles(from.path, [file])).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining(reason),
  });
});

test('refuses more than could ever travel', async () => {
  await using from = await openFolder();
  await writeFile(path.join(from.path, 'large'), Buffer.alloc(5 * 1024 * 1024));
  await expect(packFiles(from.path, ['large'])).rejects.toThrow(/4 MiB/);
});
