import type { Database } from 'better-sqlite3';

/** The step that takes what may be secret out of the jobs' rows. */
export function addSecrets(db: Database): void {
  db.pragma('secure_delete = ON');
  db.exec(`
    -- env of a job's options; overwritten by zeros, and not live, once the job has none any more.
    CREATE TABLE job_secrets (
      seq INTEGER PRIMARY KEY,
      live INTEGER NOT NULL,
      env TEXT NOT NULL
    ) STRICT;

    INSERT INTO job_secrets
    SELECT seq, 1, json_extract(options, '$.env') FROM jobs
    WHERE json_type(options, '$.env') IN ('object', 'array') ORDER BY seq;

    UPDATE jobs SET options = json_remove(options, '$.env') WHERE seq IN (SELECT seq FROM job_secrets);

    CREATE VIEW whole_jobs AS
    SELECT jobs.*, job_secrets.env FROM jobs
    LEFT JOIN job_secrets ON job_secrets.seq = jobs.seq AND job_secrets.live = 1`);
  db.pragma('secure_delete = FAST');
}
