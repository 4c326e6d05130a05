import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/open.ts';

/** Somewhere to keep one store's data, in which it can be opened again, also several times at once. */
export interface StorePlace {
  open(options?: { leaseMs?: number }): Promise<Store>;
  /** What is opened next finds the data as a crash at this moment would leave it. */
  crash(): Promise<void>;
  /** Closes what was opened and removes the data. */
  dispose(): Promise<void>;
}

/** A folder of its own for SQLite. */
export async function sqlitePlace(
  defaults: Partial<SqliteStoreOptions> = {},
): Promise<StorePlace & { dataDir: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-store-'));
  const opened: Store[] = [];
  let crashes = 0;
  const place = {
    dataDir: join(folder, 'data'),
    async open(options?: { leaseMs?: number }) {
      const store = await openSqliteStore({ ...defaults, ...options, dataDir: place.dataDir });
      opened.push(store);
      return store;
    },
    async crash() {
      crashes += 1;
      const copy = join(folder, `after crash ${crashes}`);
      await cp(place.dataDir, copy, { recursive: true });
      await Promise.all(opened.splice(0).map((store) => store.close()));
      place.dataDir = copy;
    },
    async dispose() {
      await Promise.all(opened.map((store) => store.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await mkdir(place.dataDir);
  return place;
}
