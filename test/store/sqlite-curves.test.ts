import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MetricPoint } from '../../src/core/log.ts';
import type { Lease } from '../../src/core/store.ts';
import { addCurves } from '../../src/store/sqlite/add-curves.ts';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { sqlitePlace } from './place.ts';
import { batch, claimed, leasedJob } from './samples.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(() => place.dispose());

const everything = { fromStep: 0, toStep: 1e9, most: 5000 };

function database(options: { readonly?: boolean } = {}) {
  return new Sqlite(join(place.dataDir, 'trainyard.db'), options);
}

/** `count` points of two series, from a step on. */
function points(first: number, count: number): MetricPoint[] {
  return Array.from({ length: count }, (_, n) => {
    const step = first + n;
    return ['loss', 'lr'].map((name) => ({
      name,
      step,
      value: 1 / (step + 1),
      time: step,
      line: step,
    }));
  }).flat();
}

async function withPoints(count: number) {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  for (let first = 0; first < count; first += 50) {
    await store.logs.append(
      lease,
      batch([], { metrics: points(first, Math.min(50, count - first)) }),
    );
  }
  return { store, job, lease };
}

test('a byte of the metrics that changed is an error that names the job, and its log goes on', async () => {
  for (const [table, column] of [
    ['curves', 'ends'],
    ['curves', 'names'],
    ['logs', 'recent'],
    ['curve_blocks', 'stretches'],
    ['curve_blocks', 'level'],
    ['curve_blocks', 'id'],
  ]) {
    const { store, job } = await withPoints(130);
    expect((await store.logs.metrics(job.id, { names: null, maxPoints: 9 }))[1]?.seen).toBe(130);
    await store.close();
    const db = database();
    const changed = {
      ends: 'substr(ends, 1, length(ends) - 1)',
      names: "replace(names, 'loss', 'lost')",
      recent: "x'00'",
      stretches: 'substr(stretches, 1, length(stretches) - 1)',
      level: 'level + 1',
      // As if the row were another one's.
      id: 'id + 5',
    }[String(column)];
    const seq = table === 'curve_blocks' ? `id >> 32 = ${job.seq}` : `seq = ${job.seq}`;
    db.exec(
      `UPDATE ${table} SET ${column} = CAST(${changed} AS ${column === 'level' || column === 'id' ? 'INTEGER' : column === 'names' ? 'TEXT' : 'BLOB'}) WHERE ${seq}`,
    );
    db.close();
    const again = await place.open();
    const error = {
      code: 'DATA_DAMAGED',
      message: expect.stringContaining(`metrics of job ${job.id}`),
    };
    const read = again.logs.metrics(job.id, { names: null, maxPoints: 9 });
    await expect(read).rejects.toMatchObject(error);
    const stretches = again.logs.stretches(job.id, { name: 'loss', ...everything });
    if (column !== 'names') await expect(stretches).rejects.toMatchObject(error);
    else await stretches.catch(() => null);
    expect(auditSqliteStore(place.dataDir).findings.at(-1)?.message).toContain(
      `job ${job.id}: its metrics cannot be read`,
    );
    const lease: Lease = await claimed(again, job.id);
    const head = await again.logs.append(lease, batch(['on'], { metrics: points(130, 70) }));
    expect(head.total).toBe(1);
    await again.jobs.delete(job.id);
    await again.close();
  }
});

test('metrics cost few written pages beside those of their lines', async () => {
  const { store, job, lease } = await withPoints(0);
  // While somebody reads an old state, the write-ahead log only grows.
  const reader = database({ readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM jobs').get();
  const grown = async (metrics: (n: number) => MetricPoint[]) => {
    const size = () => statSync(join(place.dataDir, 'trainyard.db-wal')).size;
    const before = size();
    for (let n = 0; n < 100; n++) {
      await store.logs.append(lease, batch([`line ${n}`], { metrics: metrics(n) }));
    }
    return size() - before;
  };
  const alone = await grown(() => []);
  const withMetrics = await grown((n) => points(n, 1));
  reader.close();
  expect(alone).toBeGreaterThan(100 * 2 * 8192);
  expect(withMetrics).toBeLessThan(alone * 1.2);
  expect((await store.logs.metrics(job.id, { names: ['lr'], maxPoints: 9 }))[0]?.seen).toBe(100);
});

test('deleting a job removes its metrics', async () => {
  const { store, job } = await withPoints(1000);
  await store.jobs.delete(job.id);
  const db = database({ readonly: true });
  for (const table of ['curves', 'curve_blocks']) {
    expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0);
  }
  db.close();
});

test('the points of an earlier release become curves, and go on', async () => {
  const { store, job } = await withPoints(0);
  await store.close();
  const db = database();
  db.exec(`
    DROP TABLE curves; DROP TABLE curve_blocks; ALTER TABLE logs DROP COLUMN recent;
    CREATE TABLE metric_series (
      id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, name TEXT NOT NULL, stride INTEGER NOT NULL,
      seen INTEGER NOT NULL, last_step REAL NOT NULL, last_value REAL, last_time INTEGER NOT NULL,
      UNIQUE (seq, name)) STRICT;
    CREATE TABLE metric_points (
      id INTEGER PRIMARY KEY, step REAL NOT NULL, value REAL, time INTEGER NOT NULL) STRICT;
    INSERT INTO metric_series VALUES (7, ${job.seq}, 'loss', 2, 300, 299, 0.5, 1299);
    INSERT INTO metric_series VALUES (9, ${job.seq}, 'lr', 1, 1, 0, 0.25, 1000)`);
  const insert = db.prepare('INSERT INTO metric_points VALUES ((? << 32) | ?, ?, ?, ?)');
  for (let at = 0; at < 300; at += 2) insert.run(7, at, at, at === 100 ? null : at / 10, 1000 + at);
  insert.run(9, 0, 0, 0.25, 1000);
  addCurves(db);
  db.close();

  const again = await place.open();
  const read = () => again.logs.metrics(job.id, { names: null, maxPoints: 5000 });
  const [loss, lr] = await read();
  expect(loss?.points).toHaveLength(151);
  expect(loss?.points.slice(49, 51)).toMatchObject([
    { step: 98, value: 9.8, time: 1098, line: -1 },
    { step: 100, value: Number.NaN, time: 1100, line: -1 },
  ]);
  expect(loss?.points.at(-1)).toMatchObject({ step: 299, value: 0.5, time: 1299 });
  expect(lr?.points).toMatchObject([{ step: 0, value: 0.25, time: 1000 }]);
  const lease = await claimed(again, job.id);
  await again.logs.append(lease, batch([], { metrics: points(300, 100) }));
  expect((await read()).map(({ name, seen }) => [name, seen])).toEqual([
    ['loss', 251],
    ['lr', 101],
  ]);
});

test('the curves of the two-millionth job are as exact as those of the first', async () => {
  const store = await place.open();
  const db = database();
  // From here on, ids of blocks are beyond the integers that a number can hold.
  db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('jobs', ?)").run(2 ** 21);
  db.close();
  const { job, lease } = await leasedJob(store);
  for (let first = 0; first < 9000; first += 900) {
    const metrics = points(first, 900);
    await store.logs.append(lease, batch([`line ${first}`], { metrics }));
  }
  const [curve] = await store.logs.metrics(job.id, { names: null, maxPoints: 9000 });
  expect(curve?.seen).toBe(9000);
  expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
});
