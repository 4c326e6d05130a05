import { existsSync, statSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { TrainyardError } from '../../core/errors.ts';
import { damaged, isDamage, isWrongTable } from './errors.ts';
import { applicationId, newerSchema, schemaVersion } from './schema.ts';

/** Up to this size every page is checked when a store opens; of a larger one only the ends of its tables. */
const fullCheckBytes = 64 * 1024 * 1024;

/**
 * Looks at an existing file through a read-only connection and throws where it must not be opened
 * for writing: damaged, another program's, or of a newer schema. Its bytes stay as they are.
 */
export function verify(path: string, options: { timeoutMs: number }): void {
  const db = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: options.timeoutMs });
  try {
    checkIdentity(db);
    checkLength(db);
    if (statSync(path).size <= fullCheckBytes) checkEveryPage(db);
    else checkEnds(db);
  } catch (error) {
    throw isDamage(error) || isWrongTable(error) ? damaged(path, error) : error;
  } finally {
    db.close();
  }
}

function checkIdentity(db: Database): void {
  const tables = Number(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
  const application = Number(db.pragma('application_id', { simple: true }));
  // Interrupted before its first transaction was over: still empty, to be filled by the migrations.
  if (tables === 0 && application === 0) return;
  if (application !== applicationId) {
    throw new TrainyardError(
      'STORE_UNAVAILABLE',
      `the file ${db.name} is another program's database: move it away`,
    );
  }
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > schemaVersion) throw newerSchema(db.name, version);
}

/** Without a write-ahead log, whose pages lie elsewhere, the file is as long as it says. */
function checkLength(db: Database): void {
  if (existsSync(`${db.name}-wal`) && statSync(`${db.name}-wal`).size > 0) return;
  const pages = Number(db.pragma('page_count', { simple: true }));
  const bytes = pages * Number(db.pragma('page_size', { simple: true }));
  const { size } = statSync(db.name);
  if (size < bytes) throw damaged(db.name, `it has ${size} bytes of ${bytes}`);
}

function checkEveryPage(db: Database): void {
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw damaged(db.name, verdict);
}

function checkEnds(db: Database): void {
  // Those of the release that has written it.
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .pluck()
    .all();
  for (const table of tables) {
    db.prepare(`SELECT * FROM ${table} ORDER BY rowid LIMIT 1`).get();
    db.prepare(`SELECT * FROM ${table} ORDER BY rowid DESC LIMIT 1`).get();
  }
}
