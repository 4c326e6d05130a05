import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { expect } from 'vitest';

/** Does something with the file of a store as no store would. */
export function tamper<T>(dataDir: string, work: (db: Database) => T): T {
  const db = new Sqlite(join(dataDir, 'trainyard.db'), { timeout: 10_000 });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** The sections of all logs: where each begins, and how many lines it has. */
export function sectionsOf(dataDir: string): number[][] {
  return tamper(dataDir, (db) =>
    db
      .prepare<[], number[]>('SELECT id & 0xffffffff, lines FROM log_sections ORDER BY id')
      .raw()
      .all(),
  );
}

/** Resolves when the store has these sections. */
export async function sectioned(dataDir: string, sections: number[][]): Promise<void> {
  await expect.poll(() => sectionsOf(dataDir)).toEqual(sections);
}
