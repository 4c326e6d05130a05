import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { filterVersion } from '../../../src/store/search-index/filter.ts';

// What decides which level and which plain text a line has, and how its trigrams are hashed.
const sources = [
  'src/lines/level.ts',
  'src/lines/level/*.ts',
  'src/lines/{crash,plain-text,prefix,without-bar}.ts',
  'src/store/search-index/trigrams.ts',
];

/** The hash of the sources that each version was made by. Where they change, add a version. */
const hashes = new Map([[1, '3e6cf035b50cb312']]);

test('stored filters are made anew where levels or plain text are read in another way: raise filterVersion', async () => {
  const hash = createHash('sha256');
  for (const file of (await Array.fromAsync(glob(sources))).toSorted()) {
    const code = await readFile(file, 'utf8');
    // Comments may change as they like.
    hash.update(code.replaceAll(/^ *(?:\/\/|\/?\*).*$\n/gm, ''));
  }
  expect(hash.digest('hex').slice(0, 16)).toBe(hashes.get(filterVersion));
});
