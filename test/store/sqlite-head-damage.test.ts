import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { sqlitePlace } from './place.ts';
import { batch, claimed, knownLine, leasedJob } from './samples.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
const database = () => join(place.dataDir, 'trainyard.db');
const known = Array.from({ length: 3030 }, (_, number) => knownLine(number));

beforeEach(async () => {
  place = await sqlitePlace({ lockWaitMs: 300 });
});
afterEach(() => place.dispose());

/** A closed store with 3000 lines in chunks, and 30 in the journal; some of these lines were in it before. */
async function written(): Promise<string> {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < 2900; n += 100) {
    await store.logs.append(lease, batch(known.slice(n, n + 100)));
  }
  for (let n = 2900; n < 3030; n++) {
    await store.logs.append(lease, batch([knownLine(n)], { cursor: `${n}` }));
  }
  await store.close();
  return job.id;
}

function change(sql: string): void {
  const db = new Sqlite(database());
  db.pragma('busy_timeout = 5000');
  const { changes } = db.prepare(sql).run();
  db.close();
  if (changes !== 1) throw new Error(`${changes} rows were changed`);
}

/** All lines that can be read, and the error after them. */
async function readOut(store: Store, jobId: string) {
  const texts: string[] = [];
  for (;;) {
    const options = { offset: texts.length, limit: 700, maxChars: 1e7 };
    const block = await store.logs.read(jobId, options).catch((error: unknown) => error);
    if (block instanceof Error) return { texts, error: block };
    const { lines: more } = block as { lines: string[] };
    if (more.length === 0) return { texts, error: null };
    texts.push(...more);
  }
}

/** Appends to another log, until the journal has been swept often enough. */
async function flood(store: Store): Promise<void> {
  const { lease } = await leasedJob(store);
  // Not compressed into a chunk of its own.
  const texts = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(600)}`);
  for (let n = 0; n < 50 * 16; n++) await store.logs.append(lease, batch(texts));
}

describe('where the head of a log is damaged', () => {
  test.each([
    ['in its count', 'UPDATE logs SET total = total - 40'],
    ['in its state', 'UPDATE logs SET complete = 1'],
    ['in its cursor', "UPDATE logs SET cursor = '1'"],
    ['in its list of the journal', "UPDATE logs SET journal = x'01'"],
    ['in where that list begins', 'UPDATE logs SET journal_from = journal_from + 7'],
    ['in that it has such a list', 'UPDATE logs SET journal_from = NULL'],
    ['in its checksum', 'UPDATE logs SET checksum = NULL'],
    ['so that it is missing', 'DELETE FROM logs'],
  ])('%s, all lines are served, and the end of the log is not', async (_, sql) => {
    const jobId = await written();
    change(sql);
    const store = await place.open();
    expect(await store.logs.extent(jobId)).toEqual({
      total: 3030,
      complete: false,
      isProven: false,
    });
    const damage = { code: 'DATA_DAMAGED', details: { jobId, offset: 3030 } };
    const { texts, error } = await readOut(store, jobId);
    expect(texts).toEqual(known);
    expect(error).toMatchObject(damage);
    const scanned: number[] = [];
    const scan = async () => {
      for await (const { first, count } of store.logs.scan(jobId, { from: 0 })) {
        scanned.push(first + count);
      }
    };
    await expect(scan()).rejects.toMatchObject(damage);
    expect(scanned.at(-1)).toBe(3030);
    const { findings, lines } = auditSqliteStore(place.dataDir);
    expect(findings.filter(({ message }) => message.startsWith('job'))).toEqual([
      { message: expect.stringContaining('the log of job'), lines: null },
    ]);
    expect(lines).toBe(3030);
  });

  test('nothing can be added, and the log cannot be completed', async () => {
    const jobId = await written();
    change("UPDATE logs SET cursor = '1'");
    const store = await place.open();
    const lease = await claimed(store, jobId);
    const refusal = { code: 'DATA_DAMAGED', details: { jobId } };
    await expect(store.logs.head(jobId)).rejects.toMatchObject(refusal);
    await expect(store.logs.append(lease, batch(['more']))).rejects.toMatchObject(refusal);
    await expect(store.logs.complete(lease)).rejects.toMatchObject(refusal);
  });

  test.each([
    ['in where its list begins', 'UPDATE logs SET journal_from = 1 << 40'],
    ['in its list', "UPDATE logs SET journal = x'01'"],
    ['in its count', 'UPDATE logs SET total = 10, single_first = 10'],
    ['so that it is missing', 'DELETE FROM logs'],
  ])('%s, no line is lost when the journal is swept', async (_, sql) => {
    const jobId = await written();
    change(sql);
    const store = await place.open();
    await flood(store);
    const db = new Sqlite(database(), { readonly: true });
    const left = db.prepare('SELECT count(*) FROM journal WHERE seq = 1').pluck();
    await expect.poll(() => left.get()).toBe(0);
    db.close();
    const { texts: served, error } = await readOut(store, jobId);
    expect(served).toEqual(known);
    expect(error).toMatchObject({ code: 'DATA_DAMAGED', details: { offset: 3030 } });
  });
});

/** Makes the index of what is needed of the journal forget the first log. */
function hideFirstLog(): void {
  const withSchema = (sql: string) => {
    const db = new Sqlite(database());
    db.unsafeMode().pragma('writable_schema = ON');
    db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'logs_journal'").run(sql);
    db.close();
  };
  const index = 'CREATE INDEX logs_journal ON logs (journal_from) WHERE journal_from IS NOT NULL';
  withSchema(`${index} AND seq > 1`);
  const db = new Sqlite(database());
  db.exec('REINDEX logs_journal');
  db.close();
  withSchema(index);
}

test('an index that hides which rows of the journal are needed loses none of them', async () => {
  const jobId = await written();
  hideFirstLog();
  const store = await place.open();
  await flood(store);
  await store.close();
  const again = await place.open();
  expect((await readOut(again, jobId)).texts).toEqual(known);
});

test('whatever bytes change in the head of a log, all its lines are served and its end is not, or it is sound', async () => {
  const jobId = await written();
  const db = new Sqlite(database(), { readonly: true });
  const page = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'logs'").pluck().get(),
  );
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const sound = await readFile(database());
  const end = page * pageSize;
  const changes = fc.record({
    at: fc.integer({ min: end - 260, max: end - 1 }),
    length: fc.constantFrom(1, 1, 1, 2, 4, 16),
    xor: fc.integer({ min: 1, max: 255 }),
  });
  const outcomes = { sound: 0, damaged: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(changes, async ({ at, length, xor }) => {
      const bytes = Buffer.from(sound);
      for (let n = at; n < Math.min(end, at + length); n++) bytes[n] = (bytes[n] ?? 0) ^ xor;
      await rm(`${database()}-wal`, { force: true });
      await rm(`${database()}-shm`, { force: true });
      await writeFile(database(), bytes);
      const opening = openSqliteStore({ dataDir: place.dataDir, lockWaitMs: 20 });
      const store = await opening.catch((error: unknown) => {
        expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
        return null;
      });
      if (store === null) {
        outcomes.refused += 1;
        return;
      }
      try {
        const { total, isProven, complete } = await store.logs.extent(jobId);
        const { texts, error } = await readOut(store, jobId);
        expect(total).toBe(3030);
        expect(texts).toEqual(known);
        expect(complete).toBe(false);
        expect(error === null).toBe(isProven);
        outcomes[isProven ? 'sound' : 'damaged'] += 1;
      } finally {
        await store.close();
      }
    }),
    { numRuns: 100 },
  );
  expect(outcomes.damaged).toBeGreaterThan(0);
});
