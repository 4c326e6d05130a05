import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { Store } from '../src/core/store.ts';
import { compileFilter } from '../src/logs/read/filter.ts';
import { type BenchRow, ratioRow } from './row.ts';
import type { IndexedFile } from './support/indexed-file.ts';
import { rareWord } from './support/training-log.ts';

interface Subject {
  file: IndexedFile;
  store: { store: Store; jobId: string; dataDir: string };
  lines: number;
}

const rounds = 5;
/** Stands on three lines of four. */
const usualWord = 'loss';

/** Waits until the sealed lines of a log have their filters, and tells the room that those take. */
export async function filterRow({ file, store, lines }: Subject): Promise<BenchRow> {
  const db = new Sqlite(join(store.dataDir, 'trainyard.db'), { readonly: true });
  try {
    const covered = db.prepare('SELECT total(lines) FROM log_sections').pluck();
    // What makes no full section of chunks yet has none.
    while (Number(covered.get()) < lines - 64_000) await delay(100);
    const bytes = db
      .prepare("SELECT total(pgsize) FROM dbstat WHERE name LIKE 'log_sections%'")
      .pluck();
    const ours = Number(bytes.get()) / 1e6;
    const row = { what: 'room for search filters', ours, peer: file.bytes / 1e6, unit: 'MB' };
    return ratioRow({ ...row, peerName: 'raw text' }, { atMost: 0.003 });
  } finally {
    db.close();
  }
}

/** Searches of a whole log beside `grep -c` on the same text; of the page cache, both. */
export async function searchRows(subject: Subject): Promise<BenchRow[]> {
  return [
    await row(subject, { what: 'search for a word that is nowhere', word: 'zeppelin' }, 20),
    await row(
      subject,
      { what: 'search for a word on ten lines of ten million', word: rareWord },
      20,
    ),
    await row(subject, { what: 'count the lines with a usual word', word: usualWord }, 0.35),
  ];
}

async function row(
  { file, store, lines }: Subject,
  { what, word }: { what: string; word: string },
  atLeast: number,
): Promise<BenchRow> {
  const search = word === usualWord ? () => count(store, word) : () => find(store, word);
  const grep = () => Number(spawnSync('grep', ['-c', word, file.path]).stdout.toString());
  const best = { ours: Number.POSITIVE_INFINITY, peer: Number.POSITIVE_INFINITY };
  for (let round = 0; round < rounds; round += 1) {
    const [ours, found] = await timed(search);
    const [peer, expected] = await timed(grep);
    if (found !== expected) throw new Error(`${found} lines with ${word} of ${expected}`);
    best.ours = Math.min(best.ours, ours);
    best.peer = Math.min(best.peer, peer);
  }
  const rate = (ms: number) => (lines / ms) * 1000;
  return ratioRow(
    { what, ours: rate(best.ours), peer: rate(best.peer), unit: 'lines/s', peerName: 'grep -c' },
    { atLeast },
  );
}

/** As a filtered page finds lines. */
async function find({ store, jobId }: Subject['store'], word: string): Promise<number> {
  const matcher = compileFilter({ contains: word });
  if (matcher === null) return 0;
  const { needs, maybe } = matcher;
  let found = 0;
  for await (const { block } of store.logs.scan(jobId, { from: 0, needs, maybe })) {
    for (const text of block?.lines ?? []) if (matcher.text(text)) found += 1;
  }
  return found;
}

/** As whoever wants the number alone can: of no line is text made. */
async function count({ store, jobId }: Subject['store'], word: string): Promise<number> {
  let found = 0;
  const maybe = (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at)) {
      found += 1;
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    }
    return false;
  };
  const needs = compileFilter({ contains: word })?.needs;
  for await (const _ of store.logs.scan(jobId, { from: 0, needs, maybe }));
  return found;
}

async function timed<T>(work: () => T | Promise<T>): Promise<[number, T]> {
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
}
