import type { Database } from 'better-sqlite3';
import { chunkChecksum } from '../checksum.ts';
import { type HeadRow, headChecksum } from './head-row.ts';

/**
 * The step that gives every stored chunk and head its checksum: it takes what is there for sound, for
 * nothing can tell, and rewrites the table once. Of jobs that are gone, what is still to be removed stays
 * without one.
 */
export function addChecksums(db: Database): void {
  db.exec('ALTER TABLE chunks ADD COLUMN checksum INTEGER');
  db.exec('ALTER TABLE logs ADD COLUMN checksum INTEGER');
  db.function(
    'chunk_checksum',
    { deterministic: true },
    (jobId, first, count, encoding, bytes, runs, text) =>
      chunkChecksum(jobId, first, { count, encoding, bytes, runs, text }),
  );
  db.exec(`
    UPDATE chunks
    SET checksum = chunk_checksum(jobs.id, chunks.id & 0xffffffff, count, encoding, bytes, runs, text)
    FROM jobs WHERE jobs.seq = chunks.id >> 32`);
  const heads = db
    .prepare<[], Omit<HeadRow, 'journal_from'> & { seq: number; id: string }>(
      'SELECT logs.*, jobs.id FROM logs JOIN jobs USING (seq)',
    )
    .all();
  const seal = db.prepare<[number, number]>('UPDATE logs SET checksum = ? WHERE seq = ?');
  for (const head of heads) seal.run(headChecksum(head.id, head, head), head.seq);
}
