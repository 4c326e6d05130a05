import { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { type BenchRow, median, ratioRow } from './row.ts';
import { insertJob } from './support/bench-job.ts';
import { trainingLog } from './support/training-log.ts';

const linesPerBatch = 5000;
// Short turns, so that some of each meet a quiet machine.
const batchesPerTurn = 5;
const pagesPerTurn = 25;
const turns = 60;

const { crc32 } = zlib;

/**
 * What checksums cost appends in bulk and pages: one store that computes and compares them and one for which all
 * are 0, in turns. Of each turn the median counts, and of those the least: the rest is the machine's noise.
 */
export async function checksumRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const checked = await openSubject(join(folder, 'checked'), crc32);
  const unchecked = await openSubject(join(folder, 'unchecked'), () => 0);
  try {
    const appends = { ours: [] as number[], peer: [] as number[] };
    const pages = { ours: [] as number[], peer: [] as number[] };
    for (let turn = 0; turn < turns; turn += 1) {
      const first = turn * batchesPerTurn * linesPerBatch;
      const batches = Array.from({ length: batchesPerTurn }, (_, n) =>
        trainingLog(first + n * linesPerBatch, linesPerBatch),
      );
      const offsets = Array.from({ length: pagesPerTurn }, () =>
        Math.floor(Math.random() * (first + (batchesPerTurn - 1) * linesPerBatch)),
      );
      const both = [
        { subject: checked, appends: appends.ours, pages: pages.ours },
        { subject: unchecked, appends: appends.peer, pages: pages.peer },
      ];
      // Who goes second meets what the first has left for the disk to write.
      if (turn % 2 === 1) both.reverse();
      for (const { subject, ...times } of both) times.appends.push(await subject.append(batches));
      for (const { subject, ...times } of both) times.pages.push(await subject.pages(offsets));
    }
    const row = (what: string, { ours, peer }: typeof pages) =>
      ratioRow(
        {
          what: `cost of checksums: ${what}`,
          ours: Math.min(...ours),
          peer: Math.min(...peer),
          unit: 'ms',
          peerName: 'the same without',
        },
        { atMost: 1.03 },
      );
    return [row('5000 lines appended', appends), row('a page of 1000 lines', pages)];
  } finally {
    setChecksum(crc32);
    await checked.close();
    await unchecked.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every module that has imported it gets this one. */
function setChecksum(checksum: typeof crc32): void {
  zlib.crc32 = checksum;
  syncBuiltinESMExports();
}

async function openSubject(dataDir: string, checksum: typeof crc32) {
  setChecksum(checksum);
  const store = await openSqliteStore({ dataDir, leaseMs: 600_000 });
  const id = await insertJob(store);
  const lease = await store.leases.claim(id);
  if (lease === null) throw new Error('a new job has no free lease');
  const medianOf = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>) => {
    setChecksum(checksum);
    const times: number[] = [];
    for (const item of items) {
      const startedAt = performance.now();
      await work(item);
      times.push(performance.now() - startedAt);
    }
    return median(times);
  };
  return {
    append: (batches: readonly string[][]) =>
      medianOf(batches, (texts) =>
        store.logs.append(lease, {
          lines: texts,
          runs: [{ count: texts.length, time: 1, source: 'STDOUT' }],
          cursor: 'cursor',
          collectorState: null,
        }),
      ),
    pages: (offsets: readonly number[]) =>
      medianOf(offsets, (offset) =>
        store.logs.read(id, { offset, limit: 1000, maxChars: Number.POSITIVE_INFINITY }),
      ),
    close: () => {
      setChecksum(checksum);
      return store.close();
    },
  };
}
