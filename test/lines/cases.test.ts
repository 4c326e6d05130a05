import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { sqlitePlace } from '../store/place.ts';
import { differences } from './differences.ts';
import { readExpected, runCase } from './run-case.ts';

const root = join(import.meta.dirname, 'cases');
let store: Store;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const place = await sqlitePlace({ compress: false });
  store = await place.open();
  dispose = place.dispose;
});

afterAll(() => dispose());

const names = readdirSync(root);

it.each(names)('%s', async (name) => {
  const folder = join(root, name);
  const expected = await readExpected(folder);
  const found = await differences(expected, await runCase(folder, expected, store));
  expect(found).toEqual([]);
});
