import { crc32 } from 'node:zlib';
import { damagedHead } from '../damage.ts';
import { firstOf } from './journal.ts';

/** What a row of `logs` says of the log itself; who collects it is not among it. */
export interface HeadRow extends HeadEnd, HeadState {
  /** The first id of the list `journal`. */
  journal_from: number | null;
  checksum: number | null;
}

interface HeadEnd {
  total: number;
  tail_first: number;
  tail_size: number;
  single_first: number;
  single_rows: number;
  /** Not there before the journal was. */
  journal?: Buffer | null;
}

interface HeadState {
  complete: number;
  cursor: string | null;
  carry: string | null;
}

/** The columns of a `HeadRow`. */
export const headColumns =
  'total, tail_first, tail_size, single_first, single_rows, complete, cursor, carry, journal, journal_from, checksum';

/** CRC-32 over all that a head says of its log: where that ends, and its state. */
export function headChecksum(jobId: string, end: HeadEnd, state: HeadState): number {
  const { total, tail_first, tail_size, single_first, single_rows, journal } = end;
  const numbers = `${fact(total)}${fact(tail_first)}${fact(tail_size)}${fact(single_first)}`;
  const rest = `${fact(single_rows)}${fact(state.complete)}${fact(state.cursor)}${fact(state.carry)}`;
  const facts = crc32(`${jobId}${numbers}${rest}`);
  return journal ? crc32(journal, facts) : facts;
}

/** With its kind and its length, so that no two lists of facts run together to the same text. */
function fact(value: number | string | null): string {
  if (value === null) return 'null 0 ';
  const text = `${value}`;
  return `${typeof value} ${text.length} ${text}`;
}

/** True for an undamaged row. A log without an append has no checksum. */
export function isSoundHead(jobId: string, row: HeadRow): boolean {
  const { checksum, total, complete, cursor, journal, journal_from } = row;
  // Not in the checksum, since the list says it, too.
  if (journal_from !== (journal ? firstOf(journal) : null)) return false;
  const isNew = checksum === null && total === 0 && complete === 0 && cursor === null;
  return isNew || checksum === headChecksum(jobId, row, row);
}

/** Returns an undamaged row, and throws `DATA_DAMAGED` for any other. */
export function soundHead<Row extends HeadRow>(jobId: string, row: Row): Row {
  if (!isSoundHead(jobId, row)) throw damagedHead(jobId);
  return row;
}
