import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lease, Store } from '../src/core/store.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { type BenchRow, formatRows, median, ratioRow } from './row.ts';
import { filterRow, searchRows } from './searching.ts';
import { insertJob } from './support/bench-job.ts';
import { IndexedFile } from './support/indexed-file.ts';
import { openLivePrototype } from './support/live-prototype.ts';
import { appendManyJobs } from './support/many-jobs.ts';
import { trainingLog } from './support/training-log.ts';

const linesPerBatch = 5000;
const linesPerTurn = 500_000;
const linesPerFlush = 10;
const pageLines = 1000;
/** Uncompressed chunks of a whole log would take the disk's room: a part tells their rate as well. */
const maxRawLines = 2_000_000;

/**
 * Measures the SQLite store on one log of `lines` lines, beside plain files, `grep` and bare SQLite.
 * Takes about 150 bytes of disk for each line, given back at the end.
 */
export async function storeRows(options: { lines: number }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  try {
    const file = new IndexedFile(join(folder, 'plain.log'), options.lines);
    const store = await openLog(join(folder, 'zstd'), { compress: true });
    try {
      return [
        ...(await bulkRows({ folder, file, store, lines: options.lines })),
        await filterRow({ file, store, lines: options.lines }),
        ...(await pageRows({ file, store, lines: options.lines })),
        ...(await searchRows({ file, store, lines: options.lines })),
        await liveRow(folder),
        await manyJobsRow(folder),
      ];
    } finally {
      file.close();
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface OpenLog {
  store: Store;
  jobId: string;
  dataDir: string;
  append(lines: string[], cursor: string): Promise<void>;
  close(): Promise<void>;
}

interface Subject {
  file: IndexedFile;
  store: OpenLog;
  lines: number;
}

async function openLog(dataDir: string, options: { compress: boolean }): Promise<OpenLog> {
  const store = await openSqliteStore({ dataDir, ...options });
  const jobId = await insertJob(store);
  const lease: Lease | null = await store.leases.claim(jobId);
  if (lease === null) throw new Error('a new job has no free lease');
  return {
    store,
    jobId,
    dataDir,
    async append(texts, cursor) {
      const runs = [{ count: texts.length, time: Date.now(), source: 'STDOUT' as const }];
      await store.logs.append(lease, { lines: texts, runs, cursor, collectorState: null });
    },
    close: () => store.close(),
  };
}

async function bulkRows(subject: Subject & { folder: string }): Promise<BenchRow[]> {
  const { folder, file, store, lines } = subject;
  const raw = await openLog(join(folder, 'raw'), { compress: false });
  const spent = { zstd: 0, raw: 0 };
  let first = 0;
  // In turns, so that whatever else the machine does meets both.
  while (first < Math.min(lines, maxRawLines)) {
    const span = { first, end: Math.min(first + linesPerTurn, lines, maxRawLines) };
    spent.zstd += await appendMs(span, (batch, cursor) => store.append(batch, cursor));
    spent.raw += await appendMs(span, (batch, cursor) => raw.append(batch, cursor));
    first = span.end;
  }
  await appendMs({ first, end: lines }, (batch, cursor) => store.append(batch, cursor));
  await raw.close();
  await rm(raw.dataDir, { recursive: true });
  await appendMs({ first: 0, end: lines }, (batch) => file.append(batch));
  // Without the write-ahead log, which is a bounded constant.
  const { size } = await stat(join(store.dataDir, 'trainyard.db'));
  const zstd = (first / spent.zstd) * 1000;
  const append = { what: 'append in bulk', ours: zstd, unit: 'lines/s' };
  const room = { what: 'room on disk', ours: size / 1e6, peer: file.bytes / 1e6, unit: 'MB' };
  return [
    ratioRow(
      { ...append, peer: (first / spent.raw) * 1000, peerName: 'raw chunks' },
      { atLeast: 1.5 },
    ),
    ratioRow({ ...room, peerName: 'raw text' }, { atMost: 0.2 }),
  ];
}

/** The time that appends take; making the lines and flushing what others have written is not counted. */
async function appendMs(
  span: { first: number; end: number },
  append: (batch: string[], cursor: string) => void | Promise<void>,
): Promise<number> {
  spawnSync('sync');
  let spentMs = 0;
  for (let first = span.first; first < span.end; first += linesPerBatch) {
    const batch = trainingLog(first, Math.min(linesPerBatch, span.end - first));
    spentMs += await timed(() => append(batch, `${first}`));
  }
  return spentMs;
}

async function pageRows({ file, store, lines }: Subject): Promise<BenchRow[]> {
  const read = async (offset: number): Promise<string[]> => {
    const options = { offset, limit: pageLines, maxChars: Number.POSITIVE_INFINITY };
    return (await store.store.logs.read(store.jobId, options)).lines;
  };
  const times = { ours: [] as number[], peer: [] as number[] };
  const ends = { first: [] as number[], last: [] as number[] };
  const last = Math.max(0, lines - pageLines);
  for (let round = 0; round < 1000; round++) {
    const offset = Math.floor(Math.random() * last);
    times.ours.push(await timed(() => read(offset)));
    times.peer.push(await timed(() => file.page(offset, pageLines)));
    // Near the ends, not always at them: what was read a moment ago is still decoded.
    const near = Math.floor(Math.random() * last * 0.05);
    ends.first.push(await timed(() => read(near)));
    ends.last.push(await timed(() => read(last - near)));
    const [ours, peer] = [await read(offset), file.page(offset, pageLines)];
    if (ours.join('\n') !== peer.join('\n')) throw new Error(`the page at ${offset} differs`);
  }
  return [
    ratioRow(
      {
        what: 'a page of 1000 lines, anywhere',
        ours: median(times.ours),
        peer: median(times.peer),
        unit: 'ms',
        peerName: 'indexed file',
      },
      { atMost: 3.5 },
    ),
    ratioRow(
      {
        what: 'a page near the end',
        ours: median(ends.last),
        peer: median(ends.first),
        unit: 'ms',
        peerName: 'near the start',
      },
      { atMost: 1.5 },
    ),
  ];
}

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function liveRow(folder: string): Promise<BenchRow> {
  const store = await openLog(join(folder, 'live'), { compress: true });
  const prototype = openLivePrototype(join(folder, 'prototype.db'));
  const spent = { ours: [] as number[], peer: [] as number[] };
  const rounds = 60;
  const flushesPerRound = 500;
  for (let round = 0; round < rounds; round++) {
    const flushes = Array.from({ length: flushesPerRound }, (_, index) =>
      trainingLog((round * flushesPerRound + index) * linesPerFlush, linesPerFlush),
    );
    const ours = async () => {
      for (const lines of flushes) await store.append(lines, 'cursor');
    };
    const peer = () => {
      for (const lines of flushes) prototype.append(lines, 'cursor');
    };
    spent.ours.push(await timed(ours));
    spent.peer.push(await timed(peer));
  }
  prototype.close();
  await store.close();
  const lines = flushesPerRound * linesPerFlush * 1000;
  return ratioRow(
    {
      what: 'append live, 10 lines a flush',
      ours: lines / median(spent.ours),
      peer: lines / median(spent.peer),
      unit: 'lines/s',
      peerName: 'bare statements',
    },
    { atLeast: 0.9 },
  );
}

/** What 400 jobs that print ten lines a second each make the store write. */
async function manyJobsRow(folder: string): Promise<BenchRow> {
  const seconds = 5;
  const first = await openLog(join(folder, 'many'), { compress: true });
  const { store } = first;
  const ids = [];
  for (let n = 0; n < 400; n++) ids.push(await insertJob(store));
  const spent = await appendManyJobs(store, ids, { linesPerSecond: 10, seconds });
  await first.close();
  return ratioRow(
    {
      what: 'written for 400 jobs × 10 lines/s',
      ours: spent.writtenBytes / seconds / 1e6,
      peer: spent.textBytes / seconds / 1e6,
      unit: 'MB/s',
      peerName: 'the text',
    },
    // 20 MB/s.
    { atMost: 43 },
  );
}

if (import.meta.main) {
  const rows = await storeRows({ lines: Number(process.argv[2] ?? 10_000_000) });
  console.log(formatRows(rows));
}
