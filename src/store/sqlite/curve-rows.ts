import { type Stretch, stretchOf } from '../../core/curve.ts';
import { TrainyardError } from '../../core/errors.ts';
import { blockStretches, decodeBlock, decodePoints, type NamedPoint } from '../curve-codec.ts';

/** A row of `curve_blocks`: 64 stretches of 2^`level` values of one series. */
export interface BlockRow {
  seq: number;
  /** Its place in its job: index of the series among the job's << 26 | number. Its id is seq << 32 | place. */
  place: number;
  level: number;
  stretches: Buffer;
}

/** The position of a block in its series. It begins with the value `number` * 64. */
export type BlockPlace = { number: number; level: number };

/** The newest points of a job: `ends` those that fill no block yet, `recent` those that came after `ends` was written. */
export interface NewestRow {
  seq: number;
  /** JSON: the names of the series, in order of first appearance. */
  names: string | null;
  ends: Buffer | null;
  recent: Buffer | null;
}

/** SQL for the `NewestRow` of the job whose seq is bound. */
export const newestSql =
  'SELECT seq, recent, names, ends FROM logs LEFT JOIN curves USING (seq) WHERE seq = ?';

/** SQL for the ids of all blocks of the job @seq. */
export const blocksOfJob = 'id >= @seq << 32 AND id < (@seq + 1) << 32';

/** The columns of a `BlockRow`. SQL takes ids apart and puts them together: as numbers they are exact up to 2^53 alone. */
export const blockColumns = 'id >> 32 AS seq, id & 0xffffffff AS place, level, stretches';

const numbersPerSeries = 2 ** 26;

/** A block's place in its job. */
export function placeOf({ series, number }: { series: number; number: number }): number {
  return series * numbersPerSeries + number;
}

/** Which series of its job a block belongs to, and its number there. */
export function blockPlace(place: number): { series: number; number: number } {
  return { series: Math.floor(place / numbersPerSeries), number: place % numbersPerSeries };
}

/** The index of a block's first value. */
export function firstOf(place: Pick<BlockPlace, 'number'>): number {
  return place.number * blockStretches;
}

/** What the checksum of a block covers besides its bytes. */
export function blockKey({ seq, place, level }: Omit<BlockRow, 'stretches'>): string {
  return `block ${(BigInt(seq) << 32n) + BigInt(place)} of level ${level}`;
}

export function stretchesOf(row: BlockRow): Stretch[] {
  const index = firstOf(blockPlace(row.place));
  return decodeBlock(row.stretches, { index, level: row.level, key: blockKey(row) });
}

export function endsKey(seq: number, names: string): string {
  return `ends ${seq} of ${names}`;
}

export function recentKey(seq: number): string {
  return `recent points ${seq}`;
}

/** The names of a job's series, and those of their points that are in no block yet. */
export function newestOf(row: NewestRow): { names: string[]; points: NamedPoint[] } {
  if (row.names === null || row.ends === null) return { names: [], points: [] };
  const points = decodePoints(row.ends, endsKey(row.seq, row.names));
  if (row.recent !== null) points.push(...decodePoints(row.recent, recentKey(row.seq)));
  return { names: JSON.parse(row.names), points };
}

/** One series, in order, out of its blocks and the newest points of its job. Throws where some of it is missing. */
export function curveOf(
  blocks: readonly BlockRow[],
  newest: readonly NamedPoint[],
  series: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  let next = 0;
  const add = (stretch: Stretch) => {
    if (stretch.index !== next) {
      throw new TrainyardError('DATA_DAMAGED', `the values from ${next} on are missing`);
    }
    stretches.push(stretch);
    next += stretch.count;
  };
  for (const block of blocks) for (const stretch of stretchesOf(block)) add(stretch);
  for (const { series: whose, point } of newest) {
    // Those before are in a block by now.
    if (whose === series && point.at >= next) add(stretchOf(point));
  }
  return stretches;
}
