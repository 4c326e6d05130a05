import { crc32 } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import type { LogGap } from '../../core/log.ts';

/** A row of `gaps`. */
export interface GapRow extends LogGap {
  checksum: number | null;
}

/** The columns of a `GapRow`. */
export const gapColumns = 'line AS offset, reason, checksum';

/** Stands for the reason of a damaged row. What was lost must not be hidden, nor something wrong be said of it. */
const damagedReason =
  'Lines were lost about here, and what the store knows of it is damaged: neither the place nor the reason is sure. `trainyard check` finds what else is damaged.';

/** CRC-32 over all that a gap says: of whose log it is, where it lies, and why. */
export function gapChecksum(jobId: string, { offset, reason }: LogGap): number {
  return crc32(`${jobId} ${offset} ${reason}`);
}

/** True for an undamaged row. */
export function isSoundGap(jobId: string, row: GapRow): boolean {
  return row.checksum === gapChecksum(jobId, row);
}

/** What readers are told of a row. */
export function toldGap(jobId: string, row: GapRow): LogGap {
  const { offset, reason } = row;
  return { offset, reason: isSoundGap(jobId, row) ? reason : damagedReason };
}

/** The step that gives every gap its checksum; it takes what is there for sound. */
export function addGapChecksums(db: Database): void {
  db.exec('ALTER TABLE gaps ADD COLUMN checksum INTEGER');
  db.function('gap_checksum', { deterministic: true }, (jobId, offset, reason) =>
    gapChecksum(String(jobId), { offset: Number(offset), reason: String(reason) }),
  );
  db.exec(`
    UPDATE gaps SET checksum = gap_checksum(jobs.id, line, reason)
    FROM jobs WHERE jobs.seq = gaps.seq`);
}
