import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { sqlitePlace } from './place.ts';
import { batch, claimed, leasedJob } from './samples.ts';

/** The store's clock stands still, so that a slow machine groups as a fast one does. */
let now = 0;
let place: Awaited<ReturnType<typeof sqlitePlace>>;
beforeEach(async () => {
  now = 0;
  place = await sqlitePlace({ lockWaitMs: 300, now: () => now });
});
afterEach(() => place.dispose());

const jobs = 40;

/** Appends of many jobs at once, again and again. */
async function rounds(
  store: Store,
  leased: Awaited<ReturnType<typeof leasedJob>>[],
  count: number,
) {
  for (let n = 0; n < count; n++) {
    await Promise.all(
      leased.map(({ lease }) =>
        store.logs.append(
          lease,
          batch([`line ${n}`], {
            cursor: `${n}`,
            metrics: [{ name: 'loss', step: n, value: n, time: n, line: n }],
          }),
        ),
      ),
    );
  }
}

/** Many jobs that have just written, so that what they write next is written together. */
async function manyJobs(store: Store) {
  const leased = [];
  for (let n = 0; n < jobs; n++) leased.push(await leasedJob(store));
  await Promise.all(leased.map(({ lease }) => store.logs.append(lease, batch(['begun']))));
  now += 60;
  return leased;
}

test('many jobs that append at once write less than each by itself, and each line once', async () => {
  const store = await place.open();
  const leased = await manyJobs(store);
  const reader = new Sqlite(join(place.dataDir, 'trainyard.db'), { readonly: true });
  // While somebody reads an old state, the write-ahead log only grows.
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM jobs').get();
  const size = () => statSync(join(place.dataDir, 'trainyard.db-wal')).size;
  const before = size();
  await rounds(store, leased, 30);
  const grown = size() - before;
  reader.close();
  // Alone, an append writes a page of lines and one of heads. Together, forty have their lines in two pages.
  expect(grown).toBeLessThan(30 * jobs * 2 * 8192 * 0.3);
  for (const { job } of leased) {
    const { lines } = await store.logs.read(job.id, { offset: 0, limit: 99, maxChars: 1e6 });
    expect(lines).toEqual(['begun', ...Array.from({ length: 30 }, (_, n) => `line ${n}`)]);
    const [loss] = await store.logs.metrics(job.id, { names: null, maxPoints: 99 });
    expect(loss?.points.map(({ value }) => value)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  }
});

test('a refused append among others is refused alone', async () => {
  const store = await place.open();
  const leased = await manyJobs(store);
  await rounds(store, leased, 5);
  const [lost, ...others] = leased;
  if (lost === undefined) throw new Error('there are jobs');
  const newer = await claimed(store, lost.job.id);
  const answers = await Promise.all(
    leased.map(({ lease }) =>
      store.logs.append(lease, batch(['more'])).then(({ total }) => total, codeOf),
    ),
  );
  expect(answers).toEqual(['CONFLICT', ...others.map(() => 7)]);
  await rounds(store, [{ job: lost.job, lease: newer }, ...others], 5);
  for (const { job } of leased) {
    const total = job.id === lost.job.id ? 11 : 12;
    expect(await store.logs.head(job.id)).toMatchObject({ total, cursor: '4' });
  }
});

test('while another process holds the lock, all of them fail alike, and nothing is half done', async () => {
  const store = await place.open();
  const leased = await manyJobs(store);
  await rounds(store, leased, 5);
  const other = new Sqlite(join(place.dataDir, 'trainyard.db'));
  other.exec('BEGIN IMMEDIATE');
  const startedAt = performance.now();
  const answers = await Promise.all(
    leased.map(({ lease }) => store.logs.append(lease, batch(['more'])).then(() => null, codeOf)),
  );
  expect(new Set(answers)).toEqual(new Set(['STORE_UNAVAILABLE']));
  // Not one after the other.
  expect(performance.now() - startedAt).toBeLessThan(300 * (jobs / 4));
  other.exec('ROLLBACK');
  other.close();
  await rounds(store, leased, 1);
  for (const { job } of leased) expect(await store.logs.head(job.id)).toMatchObject({ total: 7 });
});
