import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../lib/system/logger.ts';
import type { Connection } from './connection.ts';
import { blocksOfJob, metricTables, resourceTables } from './curve-rows.ts';

// A slice is one transaction of a few milliseconds; other work gets its turn after each.
const chunksPerSlice = 64;
const rowsPerSlice = 1000;
const freePagesPerSlice = 128;

const curveTables = [metricTables, resourceTables];

/**
 * Removes the lines of deleted jobs in small slices, so that even a huge log delays no other work, and gives the room
 * back to the disk. Work that a close or a failure interrupts is finished later.
 */
export class Purger {
  readonly #connection: Connection;
  readonly #logger: Logger | undefined;
  readonly #sql: ReturnType<typeof prepare>;
  #running: Promise<void> = Promise.resolve();

  constructor(connection: Connection, logger: Logger | undefined) {
    this.#connection = connection;
    this.#logger = logger;
    this.#sql = prepare(connection);
  }

  /** Remembers, within the transaction that removes the job, that its lines must follow. */
  note(seq: number): void {
    this.#sql.note.run(seq);
  }

  /** Removes all that was noted, also by an earlier process. Resolves when that is over; never rejects. */
  purge(): Promise<void> {
    this.#running = this.#running.then(() => this.#purgeNoted());
    return this.#running;
  }

  /** Resolves once nothing is being removed. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #purgeNoted(): Promise<void> {
    const connection = this.#connection;
    try {
      for (;;) {
        const seq = await connection.read(() => this.#sql.noted.get());
        if (seq === undefined) return;
        while (await connection.write(() => this.#removeSlice(seq))) await nextTurn();
        while (await connection.read(() => this.#freeSlice())) await nextTurn();
      }
    } catch (error) {
      if (connection.closing.aborted) return;
      this.#logger?.warn({ err: error }, 'removing the lines of a deleted job was interrupted');
    }
  }

  /** False once nothing is left of the job. */
  #removeSlice(seq: number): boolean {
    if (this.#sql.chunks.run({ seq, limit: chunksPerSlice }).changes > 0) return true;
    if (this.#sql.sections.run({ seq, limit: chunksPerSlice }).changes > 0) return true;
    if (this.#sql.newest.run({ seq, limit: rowsPerSlice }).changes > 0) return true;
    if (this.#sql.gaps.run({ seq, limit: rowsPerSlice }).changes > 0) return true;
    for (const blocks of this.#sql.blocks) {
      if (blocks.run({ seq, limit: chunksPerSlice }).changes > 0) return true;
    }
    for (const ends of this.#sql.ends) ends.run(seq);
    this.#sql.done.run(seq);
    return false;
  }

  /** False once the file has no free pages left. */
  #freeSlice(): boolean {
    const { db } = this.#connection;
    db.pragma(`incremental_vacuum(${freePagesPerSlice})`);
    return Number(db.pragma('freelist_count', { simple: true })) > 0;
  }
}

function prepare({ db }: Connection) {
  return {
    note: db.prepare<[number]>('INSERT INTO purges (seq) VALUES (?)'),
    noted: db.prepare<[], number>('SELECT seq FROM purges ORDER BY seq LIMIT 1').pluck(),
    done: db.prepare<[number]>('DELETE FROM purges WHERE seq = ?'),
    chunks: db.prepare<{ seq: number; limit: number }>(`
      DELETE FROM chunks WHERE id IN (
        SELECT id FROM chunks WHERE id >= @seq << 32 AND id < (@seq + 1) << 32 LIMIT @limit)`),
    sections: db.prepare<{ seq: number; limit: number }>(`
      DELETE FROM log_sections WHERE id IN (
        SELECT id FROM log_sections WHERE id >= @seq << 32 AND id < (@seq + 1) << 32 LIMIT @limit)`),
    // The journal is short.
    newest: db.prepare<{ seq: number; limit: number }>(`
      DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE seq = @seq LIMIT @limit)`),
    gaps: db.prepare<{ seq: number; limit: number }>(`
      DELETE FROM gaps WHERE id IN (SELECT id FROM gaps WHERE seq = @seq LIMIT @limit)`),
    blocks: curveTables.map(({ blocks }) =>
      db.prepare<{ seq: number; limit: number }>(`
        DELETE FROM ${blocks} WHERE id IN (
          SELECT id FROM ${blocks} WHERE ${blocksOfJob} LIMIT @limit)`),
    ),
    ends: curveTables.map(({ ends }) => db.prepare<[number]>(`DELETE FROM ${ends} WHERE seq = ?`)),
  };
}
