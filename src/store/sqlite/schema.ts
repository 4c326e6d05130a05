import type { Database } from 'better-sqlite3';
import { TrainyardError } from '../../core/errors.ts';
import { addChecksums } from './add-checksums.ts';
import { addCurves } from './add-curves.ts';
import { addSecrets } from './add-secrets.ts';
import { addGapChecksums } from './gap-rows.ts';

/** Marks a file as a Trainyard store: "Tyrd" in the header's application id. */
export const applicationId = 0x54797264;

/** Fixed when the file is created: a compressed chunk of about 8 KB then fits a page or two. */
export const pageSize = 8192;

// One entry a version, applied in order; an entry never changes once it has been released.
const migrations: readonly (string | ((db: Database) => void))[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    status TEXT NOT NULL,
    search TEXT NOT NULL,
    idempotency_key TEXT UNIQUE,
    external_id TEXT,
    stale INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    cancelled_at INTEGER,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    recipe TEXT NOT NULL,
    model_name TEXT NOT NULL,
    dataset_path TEXT,
    provider_status TEXT,
    console_url TEXT,
    config TEXT NOT NULL,
    options TEXT NOT NULL,
    progress TEXT,
    cost TEXT,
    failure TEXT,
    notice TEXT
  ) STRICT;

  -- Filters and counts read this narrow index alone, in the order of the pages.
  CREATE INDEX jobs_overview ON jobs (seq, provider, status, search);
  CREATE INDEX jobs_live ON jobs (seq)
    WHERE status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'LOST');

  -- One row a job; tail_ and single_ describe the raw rows at the end of its chunks.
  CREATE TABLE logs (
    seq INTEGER PRIMARY KEY REFERENCES jobs (seq),
    total INTEGER NOT NULL DEFAULT 0,
    tail_first INTEGER NOT NULL DEFAULT 0,
    tail_size INTEGER NOT NULL DEFAULT 0,
    single_first INTEGER NOT NULL DEFAULT 0,
    single_rows INTEGER NOT NULL DEFAULT 0,
    complete INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    cursor TEXT,
    carry TEXT
  ) STRICT;

  CREATE INDEX logs_open ON logs (seq) WHERE complete = 0;
  CREATE INDEX logs_owner ON logs (owner) WHERE owner IS NOT NULL;

  -- id = seq << 32 | number of the first line.
  CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    runs BLOB NOT NULL,
    text BLOB NOT NULL
  ) STRICT;

  CREATE TABLE gaps (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;

  CREATE INDEX gaps_place ON gaps (seq, line);

  -- Every stride-th value of a series is kept as a point; the last value always is, here.
  CREATE TABLE metric_series (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    stride INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    last_step REAL NOT NULL,
    last_value REAL,
    last_time INTEGER NOT NULL,
    UNIQUE (seq, name)
  ) STRICT;

  -- id = series << 32 | index of the value in its series. SQLite keeps no NaN: it is NULL.
  CREATE TABLE metric_points (
    id INTEGER PRIMARY KEY,
    step REAL NOT NULL,
    value REAL,
    time INTEGER NOT NULL
  ) STRICT;

  -- Running servers. expires_at counts on the machine's monotonic clock, in milliseconds.
  CREATE TABLE servers (
    owner TEXT PRIMARY KEY,
    boot TEXT NOT NULL,
    namespace TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;

  -- Jobs that are gone already and whose lines are still to be removed.
  CREATE TABLE purges (seq INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL) STRICT;
  INSERT INTO probe VALUES (1, 0);
  `,
  // A cancel that was asked for outlives the server that was asked.
  `
  ALTER TABLE jobs ADD COLUMN cancel_requested_at INTEGER;
  ALTER TABLE jobs ADD COLUMN cancel_by_force INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN log_given_up_at INTEGER;
  `,
  // Until here there were two kinds of providers, and one of them alone had a console.
  `
  ALTER TABLE jobs ADD COLUMN provider_kind TEXT;
  ALTER TABLE jobs ADD COLUMN created_by TEXT;
  UPDATE jobs SET provider_kind = CASE WHEN console_url IS NULL THEN 'LOCAL' ELSE 'RUNPOD' END;
  `,
  addChecksums,
  // Every change of a job, in order. Numbers are never given twice, for the newest event is never removed.
  `
  CREATE TABLE job_events (
    seq INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    changed TEXT NOT NULL,
    time INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX job_events_job ON job_events (job, seq, kind);

  -- Events up to this one may have been removed.
  CREATE TABLE job_event_horizon (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
  INSERT INTO job_event_horizon VALUES (1, 0);
  `,
  addCurves,
  addSecrets,
  // Until here the newest lines were rows of chunks; those that are, stay there until they are joined.
  `
  -- What was appended last, of all jobs, in order of time. Rows that no log lists are waste.
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    runs BLOB NOT NULL,
    text BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;

  -- The ids of the rows that a log needs, as distances in LEB128; journal_from is the first of them.
  ALTER TABLE logs ADD COLUMN journal BLOB;
  ALTER TABLE logs ADD COLUMN journal_from INTEGER;
  CREATE INDEX logs_journal ON logs (journal_from) WHERE journal_from IS NOT NULL;
  `,
  // What a queued job waits for, as JSON.
  'ALTER TABLE jobs ADD COLUMN waits_for TEXT',
  addGapChecksums,
  // What people say of a job, to find it by. The index holds all that a filter asks for.
  `
  ALTER TABLE jobs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE jobs ADD COLUMN note TEXT;
  ALTER TABLE jobs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
  DROP INDEX jobs_overview;
  CREATE INDEX jobs_overview ON jobs (
    seq, provider, status, recipe, created_at, pinned, tags, search);
  `,
  // Logs of before get their sections in the background.
  `
  -- What a search need not read. id = seq << 32 | number of the first line.
  CREATE TABLE log_sections (
    id INTEGER PRIMARY KEY,
    lines INTEGER NOT NULL,
    version INTEGER NOT NULL,
    filter BLOB NOT NULL
  ) STRICT;

  -- All of a section but its filter.
  CREATE INDEX log_sections_places ON log_sections (id, lines, version);
  `,
  // As curves and curve_blocks, of what a job used of its machine.
  `
  CREATE TABLE resource_curves (
    seq INTEGER PRIMARY KEY,
    names TEXT NOT NULL,
    ends BLOB NOT NULL
  ) STRICT;

  CREATE TABLE resource_blocks (
    id INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    stretches BLOB NOT NULL
  ) STRICT;
  `,
  // The id of the job that a job repeats.
  'ALTER TABLE jobs ADD COLUMN rerun_of TEXT',
];

/** The version that `migrate` brings a store to. */
export const schemaVersion = migrations.length;

/** Brings the store to the newest schema, one transaction for all steps. A newer schema is refused. */
export function migrate(db: Database): void {
  const run = db.transaction(() => {
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version > schemaVersion) throw newerSchema(db.name, version);
    if (version === schemaVersion) return;
    for (const step of migrations.slice(version)) {
      if (typeof step === 'string') db.exec(step);
      else step(db);
    }
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${schemaVersion}`);
  });
  run.immediate();
}

/** The refusal of a store that a later release has written. */
export function newerSchema(path: string, version: number): TrainyardError {
  return new TrainyardError(
    'STORE_UNAVAILABLE',
    `the store ${path} has schema version ${version}, this release knows up to ${schemaVersion}: start a newer release`,
  );
}
