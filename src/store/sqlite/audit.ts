import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { textOf } from '../chunk.ts';
import { type DamagedLines, damagedHead } from '../damage.ts';
import {
  type BlockRow,
  blockColumns,
  blockPlace,
  blocksOfJob,
  type CurveTables,
  curveOf,
  metricTables,
  type NewestRow,
  newestOf,
  newestSql,
  resourceTables,
} from './curve-rows.ts';
import { isDamage } from './errors.ts';
import { type GapRow, gapColumns, isSoundGap } from './gap-rows.ts';
import { Journal } from './journal.ts';
import { type LogShape, LogShapes } from './log-shape.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';
import { refuseVanished } from './presence.ts';
import { schemaVersion } from './schema.ts';
import { SectionRows } from './section-rows.ts';

/** One finding of an audit, in words, and the lines that it is about, where it is about some. */
interface Finding {
  message: string;
  lines: DamagedLines | null;
}

export interface Audit {
  jobs: number;
  lines: number;
  findings: Finding[];
}

/** No more findings are kept. */
const maxFindings = 10_000;

/**
 * Reads every line of the store in `dataDir` and reports what is damaged. Writes nothing, and may run while a server
 * uses the store. Throws `STORE_UNAVAILABLE` where there is no store that this release can read.
 */
export function auditSqliteStore(dataDir: string): Audit {
  const path = join(dataDir, 'trainyard.db');
  refuseVanished(path);
  if (!existsSync(path)) {
    throw new TrainyardError('STORE_UNAVAILABLE', `there is no store in ${dataDir}`);
  }
  const db = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  try {
    const audit: Audit = { jobs: 0, lines: 0, findings: [] };
    checkFile(db, audit);
    attempt(audit, 'the list of jobs cannot be read', () => {
      for (const job of jobsOf(db)) {
        audit.jobs += 1;
        const what = `job ${job.id}: its log cannot be read`;
        attempt(audit, what, () => checkLog(db, job, audit));
        attempt(audit, `job ${job.id}: its gaps cannot be read`, () => checkGaps(db, job, audit));
        attempt(audit, `job ${job.id}: its metrics cannot be read`, () => checkCurves(db, job));
        const filters = `job ${job.id}: its search filters cannot be read`;
        attempt(audit, filters, () => checkSections(db, job, audit));
      }
    });
    return audit;
  } finally {
    db.close();
  }
}

function checkFile(db: Database, audit: Audit): void {
  attempt(audit, 'the file is no sound database', () => {
    for (const verdict of db.prepare<[], string>('PRAGMA integrity_check(100)').pluck().all()) {
      if (verdict !== 'ok') find(audit, `the file: ${verdict}`);
    }
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version !== schemaVersion) {
      throw new TrainyardError(
        'STORE_UNAVAILABLE',
        `the store ${db.name} has schema version ${version}, and this release checks ${schemaVersion}: start the server of this release once, which brings it there, or use the release that wrote it`,
      );
    }
  });
}

interface JobRow {
  seq: number;
  id: string;
}

/** By pages, so that jobs that come or go meanwhile disturb nothing. */
function* jobsOf(db: Database): Generator<JobRow> {
  const page = db.prepare<[number], JobRow>(
    'SELECT seq, id FROM jobs WHERE seq > ? ORDER BY seq LIMIT 1000',
  );
  let after = 0;
  for (;;) {
    const jobs = page.all(after);
    yield* jobs;
    const last = jobs.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}

/** Each log is read as it stands at one moment. */
function checkLog(db: Database, { seq, id }: JobRow, audit: Audit): void {
  const chunks = db.prepare<[number, number], PlacedChunk>(`
    SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum FROM chunks
    WHERE id >= ? << 32 AND id < (? + 1) << 32 ORDER BY id`);
  db.transaction(() => {
    const log = new LogShapes({ db }).of(id);
    // Deleted meanwhile.
    if (log === undefined) return;
    if (!log.isProven) find(audit, `job ${id}: ${damagedHead(id).message}`);
    let next = 0;
    for (const chunk of rowsOf(chunks.iterate(seq, seq), log, new Journal({ db }))) {
      if (chunk.first > next) lose(audit, { jobId: id, from: next, to: chunk.first });
      const end = chunk.first + chunk.count;
      if (!isSound(id, chunk)) lose(audit, { jobId: id, from: chunk.first, to: end });
      else textOf(chunk);
      audit.lines += chunk.count;
      next = end;
    }
    if (next < log.total) lose(audit, { jobId: id, from: next, to: log.total });
  })();
}

/** All rows of a log, in order: what is in its journal comes last. */
function* rowsOf(
  chunks: Iterable<PlacedChunk>,
  { journal }: LogShape,
  all: Journal,
): Generator<PlacedChunk> {
  yield* chunks;
  if (journal) yield* all.rows(journal);
}

function checkGaps(db: Database, { seq, id }: JobRow, audit: Audit): void {
  const gaps = db.prepare<[number], GapRow>(
    `SELECT ${gapColumns} FROM gaps WHERE seq = ? ORDER BY line`,
  );
  for (const gap of gaps.iterate(seq)) {
    if (isSoundGap(id, gap)) continue;
    find(audit, `job ${id}: what is known of the gap before line ${gap.offset} is damaged`);
  }
}

/** As a read of each of its series would. */
function checkCurves(db: Database, { seq }: JobRow): void {
  for (const tables of [metricTables, resourceTables]) checkSeries(db, seq, tables);
}

function checkSeries(db: Database, seq: number, tables: CurveTables): void {
  const { row, blocks } = db.transaction(() => ({
    row: db.prepare<[number], NewestRow>(newestSql(tables, '?')).get(seq),
    blocks: db
      .prepare<{ seq: number }, BlockRow>(
        `SELECT ${blockColumns} FROM ${tables.blocks} WHERE ${blocksOfJob} ORDER BY id`,
      )
      .all({ seq }),
  }))();
  if (row === undefined) return;
  const { names, points } = newestOf(row);
  const bySeries = Map.groupBy(blocks, ({ place }) => blockPlace(place).series);
  for (const place of names.keys()) curveOf(bySeries.get(place) ?? [], points, { place, from: 0 });
}

/** Those of an earlier release are no damage: the server makes them anew. */
function checkSections(db: Database, { seq, id: jobId }: JobRow, audit: Audit): void {
  for (const { first, end, filter } of new SectionRows({ db }).current({ seq, jobId })) {
    if (filter !== null) continue;
    const lines = `lines ${first} to ${end - 1}`;
    find(
      audit,
      `job ${jobId}: the search filter of its ${lines} is damaged, which costs time alone`,
    );
  }
}

/** Runs one check; what it throws because of damage is a finding. */
function attempt(audit: Audit, what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    const isFinding =
      isDamage(error) || (error instanceof TrainyardError && error.code === 'DATA_DAMAGED');
    if (!isFinding) throw error;
    find(audit, `${what}: ${messageOf(error)}`);
  }
}

function lose(audit: Audit, lines: DamagedLines): void {
  const { jobId, from, to } = lines;
  find(audit, `job ${jobId}: lines ${from} to ${to - 1} are damaged or missing`, lines);
}

function find(audit: Audit, message: string, lines: DamagedLines | null = null): void {
  if (audit.findings.length < maxFindings) audit.findings.push({ message, lines });
}
