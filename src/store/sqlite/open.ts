import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { makeFolder } from '../../lib/system/make-folder.ts';
import { Connection } from './connection.ts';
import { metricTables, resourceTables } from './curve-rows.ts';
import { Eraser } from './eraser.ts';
import { damaged, isWrongTable } from './errors.ts';
import { SqliteJobs } from './jobs.ts';
import { SqliteLeases } from './leases.ts';
import { SqliteLogs } from './logs.ts';
import { SqliteMetrics } from './metrics.ts';
import { lacksWal, notePresence, refuseVanished } from './presence.ts';
import { Purger } from './purge.ts';
import { retryWhileLocked } from './retry.ts';
import { migrate, pageSize } from './schema.ts';
import { verify } from './verify.ts';

export interface SqliteStoreOptions {
  /** Created, for this user alone, where it does not exist. */
  dataDir: string;
  logger?: Logger;
  /** How long a server that does not renew keeps its leases. */
  leaseMs?: number;
  /** How long a call waits for a lock that another process holds before it fails. */
  lockWaitMs?: number;
  /** False keeps all lines uncompressed: eight times the room. */
  compress?: boolean;
  /** The clock, in milliseconds, by which it is seen how many jobs write at a time. */
  now?: () => number;
}

// How long SQLite itself may wait for a lock, on the event loop's time.
const busyMs = 5;
// A checkpoint moves the write-ahead log into the file after about 8 MiB.
const checkpointPages = (8 * 1024 * 1024) / pageSize;
const walIsGone =
  'the write-ahead log of a server that did not close the store is gone. Where nobody has opened the store with another program since, its newest changes are lost: lines that their sources still have are fetched again, jobs that were deployed last may be unknown now';
const maxIdleWalBytes = 64 * 1024 * 1024;

/**
 * Opens or creates the store in `dataDir/trainyard.db`. Rejects with `STORE_UNAVAILABLE`, and a message that names the
 * file, where it cannot be used. A store that is damaged, newer than this release or missing is left as it is.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const path = join(options.dataDir, 'trainyard.db');
  const lockWaitMs = options.lockWaitMs ?? 8000;
  refuseVanished(path);
  if (lacksWal(path)) options.logger?.warn({ store: path }, walIsGone);
  createFile(options.dataDir, path);
  const db = await retryWhileLocked(
    () => {
      verify(path, { timeoutMs: busyMs });
      return openDatabase(path);
    },
    { path, lockWaitMs, signal: new AbortController().signal },
  );
  const parts = assemble(db, options, lockWaitMs);
  const { connection, purger, leases, eraser, logs } = parts;
  note(path, 'in use', options.logger);
  void purger.purge();
  logs.begin();
  let closed: Promise<void> | undefined;
  return {
    jobs: parts.jobs,
    logs,
    leases,
    check: createCheck(connection),
    close: () => {
      closed ??= close({ connection, purger, leases, eraser, logs, logger: options.logger });
      return closed;
    },
  };
}

/** The store's parts over an open database. Where its tables are not what they were made, it is damaged. */
function assemble(db: Database, options: SqliteStoreOptions, lockWaitMs: number) {
  try {
    const connection = new Connection(db, { lockWaitMs });
    const purger = new Purger(connection, options.logger);
    const leases = new SqliteLeases(connection, { leaseMs: options.leaseMs ?? 3000 });
    const metrics = new SqliteMetrics(connection, metricTables);
    const resources = new SqliteMetrics(connection, resourceTables);
    const logs = new SqliteLogs(
      connection,
      { metrics, resources },
      {
        compress: options.compress ?? true,
        logger: options.logger,
        now: options.now ?? (() => performance.now()),
      },
    );
    const eraser = new Eraser(connection, options.logger);
    const jobs = new SqliteJobs(connection, { purger, eraser });
    return { connection, purger, leases, eraser, logs, jobs };
  } catch (error) {
    db.close();
    throw isWrongTable(error) ? damaged(db.name, error) : error;
  }
}

function createFile(dataDir: string, path: string): void {
  try {
    makeFolder(dataDir);
    // SQLite gives its write-ahead log the same permissions.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    accessSync(dataDir, constants.W_OK);
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new TrainyardError(
      'STORE_UNAVAILABLE',
      `the store ${path} cannot be created or written: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function openDatabase(path: string): Database {
  const db = new Sqlite(path, { fileMustExist: true, timeout: busyMs });
  try {
    // The first two count only for a new file.
    db.pragma(`page_size = ${pageSize}`);
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('secure_delete = FAST');
    db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    db.pragma(`journal_size_limit = ${maxIdleWalBytes}`);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw isWrongTable(error) ? damaged(path, error) : error;
  }
}

/** A store that cannot be noted is used all the same. */
function note(path: string, presence: 'in use' | 'closed', logger: Logger | undefined): void {
  try {
    notePresence(path, presence);
  } catch (error) {
    logger?.warn({ err: error }, `it cannot be noted that the store ${path} is ${presence}`);
  }
}

function createCheck(connection: Connection): () => Promise<void> {
  const touch = connection.db.prepare('UPDATE probe SET value = value + 1 RETURNING value');
  return () =>
    connection.write(() => {
      touch.get();
    });
}

async function close(parts: {
  connection: Connection;
  purger: Purger;
  leases: SqliteLeases;
  eraser: Eraser;
  logs: SqliteLogs;
  logger: Logger | undefined;
}): Promise<void> {
  parts.connection.stop();
  await parts.purger.settled();
  await parts.logs.close();
  parts.leases.abandon();
  parts.eraser.close();
  // Before the closing, which removes the write-ahead log.
  note(parts.connection.db.name, 'closed', parts.logger);
  await parts.connection.close();
}
