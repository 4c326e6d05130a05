import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { sqlitePlace } from './place.ts';
import { newJob } from './samples.ts';

test('of 100,000 changes in all the oldest are dropped, and whoever resumes before them is told', async () => {
  const place = await sqlitePlace();
  const store = await place.open();
  await store.jobs.insert(newJob());
  const db = new Sqlite(join(place.dataDir, 'trainyard.db'));
  db.exec(`WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 101000)
    INSERT INTO job_events SELECT i, 1000 + i, 'x' || i, 'CHANGED', 'RUNNING', '[]', 0 FROM n`);
  for (let n = 0; n < 300; n += 1) await store.jobs.insert(newJob());
  const { n: kept } = db.prepare('SELECT count(*) AS n FROM job_events').get() as { n: number };
  expect(kept).toBeLessThanOrEqual(100_300);
  expect(kept).toBeGreaterThanOrEqual(100_000);
  const { newest, isWhole, changes } = await store.jobs.changes(0);
  expect({ newest, isWhole }).toEqual({ newest: 101_300, isWhole: false });
  const [oldest] = changes;
  expect((await store.jobs.changes((oldest?.seq ?? 0) - 1)).isWhole).toBe(true);
  expect((await store.jobs.changes((oldest?.seq ?? 0) - 2)).isWhole).toBe(false);
  db.close();
  await place.dispose();
});
