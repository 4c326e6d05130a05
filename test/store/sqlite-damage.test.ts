import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, TrainyardError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { addChecksums } from '../../src/store/sqlite/add-checksums.ts';
import { auditSqliteStore } from '../../src/store/sqlite/audit.ts';
import { addGapChecksums } from '../../src/store/sqlite/gap-rows.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { LogCapture } from '../support/log-capture.ts';
import { sqlitePlace } from './place.ts';
import { batch, knownLine, leasedJob } from './samples.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
const database = () => join(place.dataDir, 'trainyard.db');

beforeEach(async () => {
  place = await sqlitePlace({ lockWaitMs: 300 });
});
afterEach(() => place.dispose());

/** 6000 lines in chunks, and 30 in raw rows behind them. */
async function written(line: (number: number) => string): Promise<{ jobId: string }> {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < 6; n++) {
    const texts = Array.from({ length: 1000 }, (_, index) => line(n * 1000 + index));
    await store.logs.append(lease, batch(texts));
  }
  for (let n = 6000; n < 6030; n++) await store.logs.append(lease, batch([line(n)]));
  await store.close();
  return { jobId: job.id };
}

/** Changes one byte in the middle of what is stored of the line with this text. */
async function flip(text: string): Promise<void> {
  const bytes = await readFile(database());
  const at = bytes.indexOf(text);
  if (at === -1) throw new Error('the line is not stored raw');
  bytes[at + 2] = (bytes[at + 2] ?? 0) ^ 1;
  await writeFile(database(), bytes);
}

describe('one byte that changed within a chunk', () => {
  // Too varied to be compressed into another length, so that the byte of a known line can be found.
  const line = (number: number) => `row-${number}-${(number * 2654435761) % 4294967296}`;

  async function damaged() {
    place = await sqlitePlace({ lockWaitMs: 300, compress: false });
    const { jobId } = await written(line);
    await flip(line(2500));
    return { jobId, store: await place.open() };
  }

  test('makes an error that names the lines and where to go on; all others are served', async () => {
    const { jobId, store } = await damaged();
    const read = (offset: number, limit: number) =>
      store.logs.read(jobId, { offset, limit, maxChars: 1e6 });
    const error = await read(2500, 10).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DATA_DAMAGED' });
    const { details, message } = error as TrainyardError;
    expect(details).toEqual({ jobId, offset: 2500, nextOffset: 3000 });
    expect(message).toContain(`Lines 2500 to 2999 of job ${jobId}`);
    // A page that would cross them ends before.
    expect((await read(1990, 1000)).lines).toEqual(
      Array.from({ length: 10 }, (_, index) => line(1990 + index)),
    );
    expect((await read(3000, 3030)).lines).toEqual(
      Array.from({ length: 3030 }, (_, index) => line(3000 + index)),
    );
  });

  test('ends a scan there, and lets it go on behind', async () => {
    const { jobId, store } = await damaged();
    const seen: number[] = [];
    const scan = async (from: number) => {
      for await (const { first, count } of store.logs.scan(jobId, { from })) {
        seen.push(first, count);
      }
    };
    await expect(scan(0)).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
      details: { offset: 2000, nextOffset: 3000 },
    });
    expect(seen).toEqual([0, 1000, 1000, 1000]);
    await scan(3000);
    expect(seen.at(-2)).toBe(6029);
  });

  test('is found by the audit, beside a server that goes on', async () => {
    const { jobId, store } = await damaged();
    const { findings, jobs, lines } = auditSqliteStore(place.dataDir);
    expect(findings).toEqual([
      {
        message: `job ${jobId}: lines 2000 to 2999 are damaged or missing`,
        lines: { jobId, from: 2000, to: 3000 },
      },
    ]);
    expect({ jobs, lines }).toEqual({ jobs: 1, lines: 6030 });
    await store.check();
  });

  test('is put back by the lines that were stored, and by no others', async () => {
    const { jobId, store } = await damaged();
    const asked: object[] = [];
    const mend = (change: (text: string, index: number) => string) =>
      store.logs.mend(jobId, 2500, async (range) => {
        asked.push(range);
        return Array.from({ length: range.count }, (_, n) => change(line(range.first + n), n));
      });
    expect(await mend((text, index) => (index === 7 ? `${text}!` : text))).toBe(false);
    expect(await store.logs.mend(jobId, 2500, async () => null)).toBe(false);
    expect(await mend((text) => text)).toBe(true);
    expect(asked).toEqual(Array(2).fill({ first: 2000, count: 1000 }));
    const { lines } = await store.logs.read(jobId, { offset: 2500, limit: 1, maxChars: 1e6 });
    expect(lines).toEqual([line(2500)]);
    expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
    expect(await mend((text) => text)).toBe(false);
  });

  test('in the tail is not carried into a new chunk, and capture goes on', async () => {
    const { jobId } = await written(line);
    await flip(line(6020));
    const store = await place.open();
    const lease = await store.leases.claim(jobId);
    if (lease === null) throw new Error('a closed store holds no lease');
    const more = Array.from({ length: 2000 }, (_, index) => line(6030 + index));
    for (const text of more) await store.logs.append(lease, batch([text]));
    await expect(
      store.logs.read(jobId, { offset: 6020, limit: 10, maxChars: 1e6 }),
    ).rejects.toMatchObject({ code: 'DATA_DAMAGED', details: { offset: 6020, nextOffset: 6021 } });
    const { lines } = await store.logs.read(jobId, { offset: 6021, limit: 4000, maxChars: 1e6 });
    expect(lines).toEqual([...Array.from({ length: 9 }, (_, n) => line(6021 + n)), ...more]);
    expect(auditSqliteStore(place.dataDir).findings).toHaveLength(1);
  });
});

test('whatever bytes change, wherever: each read gives the stored lines, or an error', async () => {
  const { jobId } = await written(knownLine);
  const sound = await readFile(database());
  const change = fc.record({
    at: fc.nat({ max: sound.length - 1 }),
    length: fc.constantFrom(1, 1, 1, 4, 64, 9000),
    xor: fc.integer({ min: 1, max: 255 }),
    cut: fc.constantFrom(false, false, false, false, true),
  });
  let served = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(change, async ({ at, length, xor, cut }) => {
      const bytes = Buffer.from(sound);
      for (let n = at; n < Math.min(bytes.length, at + length); n++)
        bytes[n] = (bytes[n] ?? 0) ^ xor;
      await rm(`${database()}-wal`, { force: true });
      await rm(`${database()}-shm`, { force: true });
      await writeFile(database(), cut ? bytes.subarray(0, at) : bytes);
      let store: Store;
      try {
        store = await openSqliteStore({ dataDir: place.dataDir, lockWaitMs: 300 });
      } catch (error) {
        expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
        refused += 1;
        return;
      }
      try {
        // A job that cannot be found any more is one of which nothing is served.
        const job = await store.jobs.get(jobId).catch(() => null);
        if (job?.id !== jobId) return;
        let offset = 0;
        while (offset < 6030) {
          const block = await store.logs
            .read(jobId, { offset, limit: 500, maxChars: 1e7 })
            .catch((error: unknown) => {
              expect(['DATA_DAMAGED', 'STORE_UNAVAILABLE']).toContain(codeOf(error));
              return error instanceof TrainyardError ? error : null;
            });
          if (block === null) break;
          if (block instanceof TrainyardError) {
            const next = Number(block.details.nextOffset ?? 6030);
            expect(next).toBeGreaterThan(offset);
            offset = next;
            continue;
          }
          // Lines that are missing must not look like the end of the log.
          expect(block.lines.length).toBeGreaterThan(0);
          block.lines.forEach((text, index) => {
            if (text !== knownLine(offset + index))
              throw new Error(`line ${offset + index}: ${text}`);
          });
          served += block.lines.length;
          offset += block.lines.length;
        }
        // Where the end of the log is not proved, nothing may look like it.
        const extent = await store.logs.extent(jobId).catch((error: unknown) => {
          expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
          return null;
        });
        if (extent === null) return;
        expect(extent.complete).toBe(false);
        if (extent.isProven) {
          expect(extent.total).toBe(6030);
          return;
        }
        expect(extent.total).toBeLessThanOrEqual(6030);
        await expect(
          store.logs.read(jobId, { offset: extent.total, limit: 1, maxChars: 1 }),
        ).rejects.toMatchObject({ code: 'DATA_DAMAGED', details: { offset: extent.total } });
      } finally {
        await store.close();
      }
    }),
    { numRuns: 150 },
  );
  // Both ends of the promise were met.
  expect(served).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});

test('whichever byte of the file header changes, it is opened as it was, or refused', async () => {
  const { jobId } = await written(knownLine);
  const sound = await readFile(database());
  for (let at = 0; at < 100; at++) {
    for (const xor of [1, 4, 255]) {
      const bytes = Buffer.from(sound);
      bytes[at] = (bytes[at] ?? 0) ^ xor;
      await rm(`${database()}-wal`, { force: true });
      await rm(`${database()}-shm`, { force: true });
      await writeFile(database(), bytes);
      const store = await openSqliteStore({ dataDir: place.dataDir, lockWaitMs: 20 }).catch(
        (error: unknown) => {
          expect(codeOf(error), `byte ${at}, ${xor}: ${error}`).toBe('STORE_UNAVAILABLE');
          return null;
        },
      );
      if (store === null) continue;
      const { lines } = await store.logs.read(jobId, { offset: 6029, limit: 1, maxChars: 1000 });
      expect(lines).toEqual([knownLine(6029)]);
      await store.close();
    }
  }
});

describe('a gap', () => {
  const reason = 'The disk of the training server was full.';

  async function withGap(): Promise<string> {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    await store.logs.append(lease, batch(['a', 'b'], { gaps: [{ before: 1, reason }] }));
    await store.close();
    return job.id;
  }

  test.each([
    ['reason', "reason = replace(reason, 'full', 'fine')"],
    ['place', 'line = 2'],
    ['checksum', 'checksum = NULL'],
  ])('whose %s is damaged is told as a damaged one, and found by the audit', async (_, change) => {
    const jobId = await withGap();
    const db = new Sqlite(database());
    db.exec(`UPDATE gaps SET ${change}`);
    db.close();
    const store = await place.open();
    expect(await store.logs.gaps(jobId, { from: 0, to: 2 })).toEqual([
      { offset: expect.any(Number), reason: expect.stringContaining('damaged') },
    ]);
    expect(auditSqliteStore(place.dataDir).findings).toEqual([
      { message: expect.stringContaining(`job ${jobId}: what is known of the gap`), lines: null },
    ]);
  });

  test('of a store of before its checksum is told as it was', async () => {
    const jobId = await withGap();
    const db = new Sqlite(database());
    db.exec('ALTER TABLE gaps DROP COLUMN checksum');
    db.transaction(() => addGapChecksums(db))();
    db.close();
    const store = await place.open();
    expect(await store.logs.gaps(jobId, { from: 0, to: 2 })).toEqual([{ offset: 1, reason }]);
    expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
  });
});

describe('a store that was there is not begun anew', () => {
  const refuses = async (words: string) => {
    const opening = openSqliteStore({ dataDir: place.dataDir });
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(words),
    });
  };

  test.each([
    ['where its file is gone', () => rm(database())],
    ['where its file is empty', () => truncate(database(), 0)],
  ])('is refused %s', async (_, lose) => {
    await written((number) => `line ${number}`);
    await lose();
    await refuses('gone or empty');
    await rm(`${database()}.state`);
    await (await place.open()).close();
  });

  test('and is opened with a warning where the write-ahead log of a killed server is gone', async () => {
    const warned = async () => {
      const log = new LogCapture();
      await (await openSqliteStore({ dataDir: place.dataDir, logger: log.logger })).close();
      return log.text.includes('write-ahead log');
    };
    await (await place.open()).close();
    expect(await warned()).toBe(false);
    await writeFile(`${database()}.state`, 'in use\n');
    expect(await warned()).toBe(true);
    expect(await warned()).toBe(false);
  });
});

test('a store of before the checksums gets them', async () => {
  const { jobId } = await written(knownLine);
  const db = new Sqlite(database());
  db.exec('ALTER TABLE chunks DROP COLUMN checksum; ALTER TABLE logs DROP COLUMN checksum');
  db.transaction(() => addChecksums(db))();
  db.close();
  const store = await place.open();
  expect((await store.logs.head(jobId)).total).toBe(6030);
  const { lines } = await store.logs.read(jobId, { offset: 0, limit: 10, maxChars: 1e6 });
  expect(lines).toEqual(Array.from({ length: 10 }, (_, number) => knownLine(number)));
  expect(auditSqliteStore(place.dataDir).findings).toEqual([]);
});
