import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../core/job.ts';
import type { Connection } from './connection.ts';
import type { Eraser } from './eraser.ts';

/**
 * The `env` of jobs' options, which may hold secrets. They lie in a table of their own that only grows at its
 * end and whose rows are overwritten in place: where a row grows, shrinks or moves, SQLite may leave a copy of
 * it, and of its neighbours, behind.
 */
export class JobSecrets {
  readonly #eraser: Eraser;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection, eraser: Eraser) {
    this.#eraser = eraser;
    this.#sql = prepare(connection);
  }

  /** Within a transaction: keeps what a job's options have now, of which were kept before those of `before`. */
  keep(seq: number, options: { before: Job['options']; now: Job['options'] }): void {
    const [before, now] = [options.before.env, options.now.env];
    if (isDeepStrictEqual(before, now)) return;
    if (before !== undefined) this.erase(seq);
    if (now !== undefined) this.#sql.insert.run(seq, JSON.stringify(now));
  }

  /** Within a transaction: overwrites what is kept of a job; about a second later it is in no file any more. */
  erase(seq: number): void {
    const bytes = this.#sql.size.get(seq);
    if (bytes === undefined) return;
    this.#eraser.overwriting(() => {
      this.#sql.overwrite.run('0'.repeat(bytes), seq);
      if (this.#sql.live.get() === undefined) this.#sql.removeAll.run();
    });
    this.#eraser.emptyLogSoon();
  }
}

function prepare({ db }: Connection) {
  return {
    insert: db.prepare<[number, string]>(
      'INSERT OR REPLACE INTO job_secrets (seq, live, env) VALUES (?, 1, ?)',
    ),
    size: db
      .prepare<[number], number>(
        'SELECT length(CAST(env AS BLOB)) FROM job_secrets WHERE seq = ? AND live = 1',
      )
      .pluck(),
    overwrite: db.prepare<[string, number]>(
      'UPDATE job_secrets SET live = 0, env = ? WHERE seq = ?',
    ),
    live: db.prepare<[]>('SELECT 1 FROM job_secrets WHERE live = 1 LIMIT 1'),
    removeAll: db.prepare<[]>('DELETE FROM job_secrets'),
  };
}
