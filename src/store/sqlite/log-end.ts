import { fullness } from '../chunk.ts';
import { textSize } from '../line-text.ts';

/** A page must not have to gather more rows of the journal than this: so many are joined. */
const maxSingleRows = 128;

/**
 * Where a log ends. The lines from `tail_first` on, about `tail_size` bytes, are not compressed; of these, the
 * last `single_rows` appends, from the line `single_first` on, are in the journal.
 */
export interface LogEnd {
  seq: number;
  total: number;
  tail_first: number;
  tail_size: number;
  single_first: number;
  single_rows: number;
  /** The list of its rows in the journal; null where it has none. */
  journal: Buffer | null;
  /** The first id of that list. */
  journal_from: number | null;
}

/**
 * The end of a log after some lines more; its journal is as it was, for their row is yet to be added, or null
 * where all rows are to be joined. Once the tail makes a full chunk, nothing of it stays uncompressed.
 */
export function endAfter(start: LogEnd, texts: readonly string[]): LogEnd {
  if (texts.length === 0) return start;
  const total = start.total + texts.length;
  const tail_size = start.tail_size + textSize(texts);
  if (fullness({ count: total - start.tail_first, size: tail_size }) >= 1) {
    return joinedEnd({ ...start, total, tail_first: total, tail_size: 0 });
  }
  const single_rows = start.single_rows + 1;
  if (single_rows > maxSingleRows) return joinedEnd({ ...start, total, tail_size });
  return { ...start, total, tail_size, single_rows };
}

/** The end of a log once it has nothing in the journal. */
export function joinedEnd(end: LogEnd): LogEnd {
  return { ...end, single_first: end.total, single_rows: 0, journal: null, journal_from: null };
}
