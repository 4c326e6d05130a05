import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LineNeeds } from '../../src/core/needs.ts';
import type { Lease, Store } from '../../src/core/store.ts';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { Indexer } from '../../src/store/sqlite/indexer.ts';
import { ScanPlanner } from '../../src/store/sqlite/scan-plan.ts';
import { Scanner } from '../../src/store/sqlite/scanner.ts';
import { SealedLines } from '../../src/store/sqlite/sealed-lines.ts';
import { SectionRows } from '../../src/store/sqlite/section-rows.ts';
import { SoundRows } from '../../src/store/sqlite/sound-rows.ts';
import { LogCapture } from '../support/log-capture.ts';
import { sqlitePlace } from './place.ts';
import { batch, leasedJob } from './samples.ts';
import { sectioned, sectionsOf, tamper } from './sections.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(() => place.dispose());

const line = (n: number) =>
  n === 41_500 ? 'Traceback' : `step ${n}: nothing of note happens, and the weather is fine`;
const full = [
  [0, 32_000],
  [32_000, 32_000],
];

/** Appends the lines from `first` up to `end`, a chunk at a time. */
async function print(store: Store, lease: Lease, [first, end]: [number, number]): Promise<void> {
  for (let n = first; n < end; n += 1000) {
    const texts = Array.from({ length: Math.min(1000, end - n) }, (_, index) => line(n + index));
    await store.logs.append(lease, batch(texts));
  }
}

const needs: LineNeeds = {
  text: 'CUDA out of memory',
  minLevel: null,
  since: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
  sources: null,
};

/** The lines that a scan reads, each stretch as first line and count. */
async function read(store: Store, jobId: string, text = needs.text, backwards = false) {
  const from = backwards ? 1e9 : 0;
  const scan = store.logs.scan(jobId, { from, backwards, needs: { ...needs, text } });
  const stretches = await Array.fromAsync(scan);
  return stretches.filter(({ isRead }) => isRead).map(({ first, count }) => [first, count]);
}

test('sealed lines get their filters while more come; a scan then reads only what may have what it needs', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  await print(store, lease, [0, 70_500]);
  await sectioned(place.dataDir, full);
  const rest = [...Array.from({ length: 6 }, (_, n) => [64_000 + n * 1000, 1000]), [70_000, 500]];
  expect(await read(store, job.id)).toEqual(rest);
  expect(await read(store, job.id, null, true)).toHaveLength(71);
  expect(await read(store, job.id, needs.text, true)).toEqual(rest.reverse());
  // In the part of four chunks that holds it.
  expect((await read(store, job.id, 'Traceback')).slice(0, -7)).toEqual(
    [40, 41, 42, 43].map((n) => [n * 1000, 1000]),
  );
});

test('a log that is complete gets one for the lines that make no full section, unless they are few', async () => {
  const store = await place.open();
  const long = await leasedJob(store);
  await print(store, long.lease, [0, 41_200]);
  const short = await leasedJob(store);
  await print(store, short.lease, [0, 7000]);
  await store.logs.complete(short.lease);
  await store.logs.complete(long.lease);
  await sectioned(place.dataDir, [
    [0, 32_000],
    [32_000, 9000],
  ]);
});

test('logs of before, and what a stop has interrupted, get theirs after the next start', async () => {
  let store = await place.open();
  const { lease } = await leasedJob(store);
  await print(store, lease, [0, 64_000]);
  // At once: the first one is being made.
  await store.close();
  expect(sectionsOf(place.dataDir).length).toBeLessThan(2);
  store = await place.open();
  await sectioned(place.dataDir, full);
});

test('filters go with their job', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  await print(store, lease, [0, 64_000]);
  await sectioned(place.dataDir, full);
  await store.jobs.delete(job.id);
  expect(sectionsOf(place.dataDir)).toEqual([]);
});

test('a job that is deleted while its filter is made leaves none', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  await print(store, lease, [0, 32_000]);
  await store.jobs.delete(job.id);
  const next = await leasedJob(store);
  await print(store, next.lease, [0, 32_000]);
  await sectioned(place.dataDir, [[0, 32_000]]);
  const seq = tamper(place.dataDir, (db) =>
    db.prepare('SELECT id >> 32 FROM log_sections').pluck().get(),
  );
  expect(seq).toBe(2);
});

describe('a filter', () => {
  let store: Store;
  let jobId: string;
  beforeEach(async () => {
    store = await place.open();
    const { job, lease } = await leasedJob(store);
    jobId = job.id;
    await print(store, lease, [0, 64_000]);
    await sectioned(place.dataDir, full);
  });

  const change = (sql: string) => tamper(place.dataDir, (db) => db.prepare(sql).run());

  test.each([
    [
      'is damaged',
      "UPDATE log_sections SET filter = CAST(filter || x'00' AS BLOB) WHERE lines = 32000",
    ],
    ['is of another version', 'UPDATE log_sections SET version = 0, filter = zeroblob(900)'],
    ['says that it has other lines', 'UPDATE log_sections SET lines = lines - 1'],
    ['is no bytes at all', 'UPDATE log_sections SET filter = zeroblob(0)'],
  ])('that %s costs time, and is made anew', async (_, sql) => {
    change(sql);
    expect(await read(store, jobId)).toHaveLength(64);
    await expect.poll(() => read(store, jobId), { interval: 200 }).toEqual([]);
    expect(sectionsOf(place.dataDir)).toEqual(full);
  });

  test('that is missing is made after the next start', async () => {
    await store.close();
    change('DELETE FROM log_sections WHERE id & 0xffffffff = 0');
    store = await place.open();
    expect(await read(store, jobId)).toHaveLength(32);
    await sectioned(place.dataDir, full);
  });

  test('of an earlier version is made anew after the next start', async () => {
    await store.close();
    change('UPDATE log_sections SET version = 0, filter = zeroblob(900)');
    store = await place.open();
    const versions = () =>
      tamper(place.dataDir, (db) =>
        db.prepare('SELECT count(*) FROM log_sections WHERE version > 0').pluck().get(),
      );
    await expect.poll(versions).toBe(2);
    expect(await read(store, jobId)).toEqual([]);
  });

  test('that is damaged is found by the audit', () => {
    expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
    change(
      "UPDATE log_sections SET filter = CAST(filter || x'00' AS BLOB) WHERE id & 0xffffffff = 32000",
    );
    const { findings } = auditSqliteStore(place.dataDir);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain(`job ${jobId}`);
    expect(findings[0]?.message).toContain('lines 32000 to 63999');
  });
});

test('damaged lines are in no filter, those around them are', async () => {
  let store = await place.open();
  const { job, lease } = await leasedJob(store);
  await print(store, lease, [0, 30_000]);
  await store.close();
  tamper(place.dataDir, (db) =>
    db.prepare("UPDATE chunks SET text = x'00' WHERE id & 0xffffffff = 20000").run(),
  );
  store = await place.open();
  const again = await store.leases.claim(job.id);
  if (again === null) throw new Error('the lease of a closed store is not free');
  await print(store, again, [30_000, 60_000]);
  await sectioned(place.dataDir, [
    [0, 20_000],
    [21_000, 32_000],
  ]);
  await expect(read(store, job.id)).rejects.toMatchObject({
    code: 'DATA_DAMAGED',
    details: { offset: 20_000, nextOffset: 21_000 },
  });
  await expect(read(store, job.id, needs.text, true)).rejects.toMatchObject({
    code: 'DATA_DAMAGED',
    details: { offset: 20_000, nextOffset: 21_000 },
  });
});

describe('a page of the file that SQLite cannot read', () => {
  /** Two logs with all their sections. */
  async function twoLogs() {
    const store = await place.open();
    const logs = [await leasedJob(store), await leasedJob(store)];
    for (const { lease } of logs) await print(store, lease, [0, 64_000]);
    await sectioned(place.dataDir, [...full, ...full]);
    await store.close();
    return logs.map(({ job }) => job.id);
  }

  /** Overwrites the pages of a table that hold these of its rows. Whoever opens the store finds it later. */
  async function tear(table: string, pages: (numbers: number[]) => number[]): Promise<void> {
    const file = join(place.dataDir, 'trainyard.db');
    const numbers = tamper(place.dataDir, (db) =>
      db
        .prepare<[string], number>(
          "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
        )
        .pluck()
        .all(table),
    );
    const bytes = await readFile(file);
    for (const number of pages(numbers)) bytes.fill(0xff, (number - 1) * 8192, number * 8192);
    await writeFile(file, bytes);
  }

  /** The parts of a store over a file that a store would refuse to open. */
  function opened() {
    const connection = new Connection(new Sqlite(join(place.dataDir, 'trainyard.db')), {
      lockWaitMs: 300,
    });
    const sections = new SectionRows(connection);
    const rows = new SoundRows(connection);
    const scanner = new Scanner(connection, { rows, planner: new ScanPlanner(sections, () => {}) });
    const sealed = new SealedLines(connection, sections);
    return { connection, sections, scanner, sealed };
  }

  test('costs a search time where it holds filters', async () => {
    const [jobId = ''] = await twoLogs();
    await tear('log_sections', (numbers) => numbers.slice(0, 1));
    const { connection, scanner } = opened();
    for (const backwards of [false, true]) {
      const scan = scanner.scan(jobId, { from: backwards ? 64_000 : 0, backwards, needs });
      const counts = (await Array.fromAsync(scan)).map(({ count }) => count);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(64_000);
    }
    await connection.close();
  });

  test('keeps no other log from getting its filters', async () => {
    await twoLogs();
    tamper(place.dataDir, (db) => db.exec('DELETE FROM log_sections'));
    // In the newer log, which is looked at first.
    await tear('chunks', (numbers) => numbers.slice(Math.floor(numbers.length * 0.6)).slice(0, 1));
    const { connection, sections, sealed } = opened();
    const capture = new LogCapture();
    const indexer = new Indexer(connection, { sealed, sections, logger: capture.logger });
    const ofOlder = () =>
      tamper(place.dataDir, (db) =>
        db.prepare('SELECT count(*) FROM log_sections WHERE id >> 32 = 1').pluck().get(),
      );
    await expect.poll(ofOlder).toBe(2);
    connection.stop();
    await indexer.close();
    await connection.close();
  });
});
