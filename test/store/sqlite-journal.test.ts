import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Lease, Store } from '../../src/core/store.ts';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { sqlitePlace } from './place.ts';
import { batch, knownLine, leasedJob, newJob } from './samples.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
let writer: ChildProcess | undefined;
const database = () => join(place.dataDir, 'trainyard.db');

beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(async () => {
  writer?.kill('SIGKILL');
  await place.dispose();
});

/** What an administrator sees in the file. */
function look<T>(sql: string): T | undefined {
  const db = new Sqlite(database(), { readonly: true });
  try {
    return db.prepare<[], T>(sql).pluck().get();
  } finally {
    db.close();
  }
}

const inJournal = (jobId: string) =>
  look<number>(`SELECT single_rows FROM logs JOIN jobs USING (seq) WHERE id = '${jobId}'`);

/** Appends as much as another job prints in some minutes, and waits until the journal was swept. */
async function flood(store: Store, lease: Lease, megabytes: number): Promise<void> {
  // Not compressed into a chunk of its own.
  const texts = Array.from({ length: 100 }, (_, n) => `${n} ${'x'.repeat(600)}`);
  for (let n = 0; n < megabytes * 16; n++) await store.logs.append(lease, batch(texts));
}

async function lines(store: Store, jobId: string): Promise<string[]> {
  const { lines: texts } = await store.logs.read(jobId, {
    offset: 0,
    limit: 10_000,
    maxChars: 1e8,
  });
  return texts;
}

describe('a job that prints little', () => {
  /** It has three lines in the journal, and the journal has been swept often enough since. */
  async function overtaken(before: (jobId: string) => Promise<void> | void = () => {}) {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    for (const n of [0, 1, 2]) await store.logs.append(lease, batch([knownLine(n)]));
    expect(inJournal(job.id)).toBe(3);
    await before(job.id);
    const other = await leasedJob(store);
    await flood(store, other.lease, 50);
    await expect.poll(() => inJournal(job.id)).toBe(0);
    return { store, job, lease };
  }

  test('leaves the journal, which stays short, and goes on', async () => {
    const { store, job, lease } = await overtaken();
    await expect
      .poll(() => look<number>('SELECT sum(length(text)) FROM journal'))
      .toBeLessThan(40 * 1024 * 1024);
    expect(await lines(store, job.id)).toEqual([0, 1, 2].map(knownLine));
    await store.logs.append(lease, batch([3, 4].map(knownLine)));
    expect(await lines(store, job.id)).toEqual([0, 1, 2, 3, 4].map(knownLine));
    expect(auditSqliteStore(place.dataDir)).toMatchObject({ jobs: 2, findings: [] });
  });

  test('goes on where another server has moved its lines meanwhile', async () => {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    for (const n of [0, 1, 2]) await store.logs.append(lease, batch([knownLine(n)]));
    const second = await place.open();
    const other = await leasedJob(second);
    await flood(second, other.lease, 50);
    await expect.poll(() => inJournal(job.id)).toBe(0);
    for (const n of [3, 4]) await store.logs.append(lease, batch([knownLine(n)]));
    for (const reader of [store, second]) {
      expect(await lines(reader, job.id)).toEqual([0, 1, 2, 3, 4].map(knownLine));
    }
    // A newer lease is still the end of the older one.
    await store.leases.release(lease);
    await second.leases.claim(job.id);
    await expect(store.logs.append(lease, batch(['late']))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('keeps a damaged line as damaged, it alone, and gets it back', async () => {
    const { store, job } = await overtaken((jobId) => {
      const db = new Sqlite(database());
      const id = '(SELECT seq FROM jobs WHERE id = ?)';
      db.prepare(`UPDATE journal SET text = ? WHERE first = 1 AND seq = ${id}`).run(
        Buffer.from('another line'),
        jobId,
      );
      db.close();
    });
    const read = (offset: number) => store.logs.read(job.id, { offset, limit: 9, maxChars: 1e6 });
    expect((await read(0)).lines).toEqual([knownLine(0)]);
    expect((await read(2)).lines).toEqual([knownLine(2)]);
    await expect(read(1)).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
      details: { offset: 1, nextOffset: 2 },
    });
    const found = { jobId: job.id, from: 1, to: 2 };
    expect(auditSqliteStore(place.dataDir).findings.map((one) => one.lines)).toEqual([found]);
    expect(await store.logs.mend(job.id, 1, async () => [knownLine(1)])).toBe(true);
    expect(await lines(store, job.id)).toEqual([0, 1, 2].map(knownLine));
  });
});

test('a damaged row of the journal is damage of its lines alone, is found, and is put back', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < 30; n += 3) {
    await store.logs.append(lease, batch([n, n + 1, n + 2].map(knownLine)));
  }
  for (const [change, from] of [
    ["text = x'00'", 6],
    ['count = 2', 12],
    ['first = 99', 18],
    ["runs = x'ff'", 24],
  ] as const) {
    const db = new Sqlite(database());
    const keep = db.prepare('SELECT * FROM journal WHERE first = ?').get(from);
    db.exec(`UPDATE journal SET ${change} WHERE first = ${from}`);
    const read = (offset: number) => store.logs.read(job.id, { offset, limit: 99, maxChars: 1e6 });
    await expect(read(from)).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
      details: { offset: from, nextOffset: from + 3 },
    });
    expect((await read(0)).lines).toEqual(Array.from({ length: from }, (_, n) => knownLine(n)));
    expect((await read(from + 4)).lines.at(0)).toBe(knownLine(from + 4));
    const findings = auditSqliteStore(place.dataDir).findings.map((one) => one.lines);
    expect(findings.at(0)).toMatchObject({ from: expect.any(Number) });
    db.prepare(
      'UPDATE journal SET first = @first, count = @count, runs = @runs, text = @text WHERE id = @id',
    ).run(keep);
    db.close();
  }
  const db = new Sqlite(database());
  db.exec("UPDATE journal SET text = x'00' WHERE first = 6");
  db.close();
  expect(await store.logs.mend(job.id, 7, async () => ['other', 'other', 'other'])).toBe(false);
  expect(
    await store.logs.mend(job.id, 7, async ({ first, count }) =>
      Array.from({ length: count }, (_, n) => knownLine(first + n)),
    ),
  ).toBe(true);
  expect(await lines(store, job.id)).toEqual(Array.from({ length: 30 }, (_, n) => knownLine(n)));
});

test('servers that run too briefly to sweep leave no more and more behind', async () => {
  const mebibytes = () => (look<number>('SELECT sum(length(text)) FROM journal') ?? 0) / 2 ** 20;
  const first = await place.open();
  const { job, lease } = await leasedJob(first);
  await first.logs.append(lease, batch([knownLine(0)]));
  await first.close();
  for (let n = 0; n < 6; n++) {
    const store = await place.open();
    // In turn, so that no row of a job lies beside another of its own.
    const others = [await leasedJob(store), await leasedJob(store)];
    const texts = Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(600)}`);
    for (let n = 0; n < 300; n++) {
      for (const other of others) await store.logs.append(other.lease, batch(texts));
    }
    await store.close();
  }
  const last = await place.open();
  await expect.poll(mebibytes).toBeLessThan(30);
  expect(await lines(last, job.id)).toEqual([knownLine(0)]);
});

test('the lines of a deleted job leave the journal', async () => {
  const store = await place.open();
  const kept = await leasedJob(store);
  await store.logs.append(kept.lease, batch(['first of all']));
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < 150; n++) await store.logs.append(lease, batch([`secret ${n}`]));
  await store.jobs.delete(job.id);
  expect(look('SELECT count(*) FROM journal')).toBe(1);
});

test('a store of before the journal opens with the same lines and curves, and goes on', async () => {
  const packed = await readFile(join(import.meta.dirname, 'before-journal.db.gz'));
  await writeFile(database(), gunzipSync(packed));
  const store = await place.open();
  for (const [jobId, total] of [
    ['long', 3170],
    ['short', 40],
    ['empty', 0],
  ] as const) {
    const known = (count: number) => Array.from({ length: count }, (_, n) => knownLine(n));
    expect(await lines(store, jobId)).toEqual(known(total));
    expect(await store.logs.head(jobId)).toMatchObject({
      total,
      cursor: total ? `${total}` : null,
    });
    const curve = await store.logs.stretches(jobId, {
      name: 'loss',
      fromStep: 0,
      toStep: 1e9,
      most: 5000,
    });
    expect(curve.flatMap(({ points }) => points.map(({ value }) => value))).toEqual(
      Array.from({ length: total }, (_, n) => 1 / (n + 1)),
    );
    const lease = await store.leases.claim(jobId);
    if (lease === null) throw new Error('a closed store holds no lease');
    for (let n = total; n < total + 1500; n++) {
      await store.logs.append(lease, batch([knownLine(n)]));
      if (n % 131 === 0) expect(await lines(store, jobId)).toEqual(known(n + 1));
    }
    expect(await lines(store, jobId)).toEqual(known(total + 1500));
  }
  expect(auditSqliteStore(place.dataDir)).toMatchObject({ jobs: 3, lines: 7710, findings: [] });
});

describe('with lines of many jobs in the journal', () => {
  const jobIds = Array.from({ length: 24 }, (_, n) => `job-${n}`);

  /** Lets a writer go and kills it after so many acknowledgements; tells the last total of each job. */
  async function killedWriter(acks: number): Promise<Map<string, number>> {
    const child = join(import.meta.dirname, 'children/crash-many.ts');
    const running = spawn(process.execPath, [child, place.dataDir, ...jobIds], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    writer = running;
    const exited = once(running, 'exit');
    const totals = new Map<string, number>();
    let left = acks;
    for await (const line of createInterface({ input: running.stdout })) {
      const [jobId = '', total] = line.split(' ');
      totals.set(jobId, Number(total));
      if (left === 0) running.kill('SIGKILL');
      left -= 1;
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    return totals;
  }

  /** Every log holds its lines from the first on, as many as its cursor says, and their values. */
  async function expectWhole(store: Store): Promise<Map<string, number>> {
    const totals = new Map<string, number>();
    for (const jobId of jobIds) {
      const { total, cursor } = await store.logs.head(jobId);
      expect(cursor ?? '0').toBe(`${total}`);
      const texts: string[] = [];
      for await (const { block } of store.logs.scan(jobId, { from: 0 })) {
        texts.push(...(block?.lines ?? []));
      }
      expect(texts).toEqual(Array.from({ length: total }, (_, n) => knownLine(n)));
      const [loss] = await store.logs.metrics(jobId, { names: null, maxPoints: 2 });
      expect(loss?.seen ?? 0).toBe(total);
      totals.set(jobId, total);
    }
    return totals;
  }

  async function withJobs(): Promise<void> {
    const store = await place.open();
    for (const id of jobIds) await store.jobs.insert(newJob({ id }));
    await store.close();
  }

  test('a kill loses no acknowledged line of any of them', { timeout: 120_000 }, async () => {
    await withJobs();
    for (const acks of [0, 30, 200, 900, 2000]) {
      const acknowledged = await killedWriter(acks);
      const store = await place.open();
      expect(look('SELECT count(*) FROM logs WHERE journal IS NOT NULL')).toBeGreaterThan(0);
      const totals = await expectWhole(store);
      for (const [jobId, total] of acknowledged) {
        expect(totals.get(jobId)).toBeGreaterThanOrEqual(total);
      }
      await store.close();
      expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
    }
  });

  test('a power cut leaves each of them as it once was, wherever it cuts what was written', {
    timeout: 120_000,
  }, async () => {
    await withJobs();
    // While somebody reads an old state, all that is written stays in the write-ahead log.
    const reader = new Sqlite(database(), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM jobs').get();
    await killedWriter(1500);
    const [file, wal] = await Promise.all([readFile(database()), readFile(`${database()}-wal`)]);
    reader.close();
    const cut = fc.record({
      at: fc.integer({ min: 0, max: wal.length }),
      // A disk may have written what came later, and not what came before.
      hole: fc.option(fc.integer({ min: 0, max: wal.length - 1 })),
    });
    let rounds = 0;
    let furthest = 0;
    await fc.assert(
      fc.asyncProperty(cut, async ({ at, hole }) => {
        rounds += 1;
        const dataDir = `${place.dataDir}/cut ${rounds}`;
        await mkdir(dataDir);
        const left = Buffer.from(wal.subarray(0, at));
        if (hole !== null) left.fill(0, Math.min(hole, at), Math.min(hole + 4096, at));
        await writeFile(join(dataDir, 'trainyard.db'), file);
        await writeFile(join(dataDir, 'trainyard.db-wal'), left);
        const store = await openSqliteStore({ dataDir });
        try {
          const totals = await expectWhole(store);
          furthest = Math.max(furthest, ...totals.values());
        } finally {
          await store.close();
        }
        expect(auditSqliteStore(dataDir).findings).toEqual([]);
      }),
      { numRuns: 25 },
    );
    expect(furthest).toBeGreaterThan(0);
  });
});
