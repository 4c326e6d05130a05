import { crc32 } from 'node:zlib';
import { factsChecksum } from '../checksum.ts';
import { damagedHead } from '../damage.ts';

/** What a row of `logs` says of the log itself; who collects it is not among it. */
export interface HeadRow {
  total: number;
  tail_first: number;
  tail_size: number;
  single_first: number;
  single_rows: number;
  complete: number;
  cursor: string | null;
  carry: string | null;
  /** Not there before the journal was. */
  journal?: Buffer | null;
}

/** The columns of a `HeadRow`, with its checksum. */
export const headColumns =
  'total, tail_first, tail_size, single_first, single_rows, complete, cursor, carry, journal, checksum';

export function headChecksum(jobId: string, row: HeadRow): number {
  const { total, tail_first, tail_size, single_first, single_rows, journal } = row;
  const facts = factsChecksum(jobId, [
    total,
    tail_first,
    tail_size,
    single_first,
    single_rows,
    row.complete,
    row.cursor,
    row.carry,
  ]);
  return journal ? crc32(journal, facts) : facts;
}

/** Returns an undamaged row, and throws `DATA_DAMAGED` for any other. A log without an append has no checksum. */
export function soundHead<Row extends HeadRow & { checksum: number | null }>(
  jobId: string,
  row: Row,
): Row {
  const { checksum, total, complete, cursor } = row;
  const isNew = checksum === null && total === 0 && complete === 0 && cursor === null;
  if (!isNew && checksum !== headChecksum(jobId, row)) throw damagedHead(jobId);
  return row;
}
