import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/open.ts';

/** Somewhere to keep one store's data, in which it can be opened again, also several times at once. */
export interface StorePlace {
  open(options?: { leaseMs?: number }): Promise<Store>;
  /** Closes what was opened and removes the data. */
  dispose(): Promise<void>;
}

/** A folder of its own for SQLite. */
export async function sqlitePlace(
  defaults: Partial<SqliteStoreOptions> = {},
): Promise<StorePlace & { dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trainyard-store-'));
  const opened: Store[] = [];
  return {
    dataDir,
    async open(options) {
      const store = await openSqliteStore({ ...defaults, ...options, dataDir });
      opened.push(store);
      return store;
    },
    async dispose() {
      await Promise.all(opened.map((store) => store.close()));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
