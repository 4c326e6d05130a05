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

/** Where a kind of series is kept: the newest points of each job, and its blocks. */
export interface CurveTables {
  ends: string;
  blocks: string;
  /** Whether points since `ends` was written are in the head of the log, which changes with each append anyway. */
  hasRecent: boolean;
}

/** The values that a job's log tells. */
export const metricTables: CurveTables = {
  ends: 'curves',
  blocks: 'curve_blocks',
  hasRecent: true,
};

/** What a job used of its machine. */
export const resourceTables: CurveTables = {
  ends: 'resource_curves',
  blocks: 'resource_blocks',
  hasRecent: false,
};

/** SQL for the `NewestRow` of the job whose seq `where` names. */
export function newestSql({ ends, hasRecent }: CurveTables, where: string): string {
  const recent = hasRecent ? 'recent' : 'NULL AS recent';
  return `SELECT seq, ${recent}, names, ends FROM logs LEFT JOIN ${ends} USING (seq) WHERE seq = ${where}`;
}

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

/** The index of the first value behind a block. */
export function endOf({ number, level }: BlockPlace): number {
  return firstOf({ number }) + blockStretches * 2 ** level;
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

/**
 * One series from the value with the index `from` on, in order, out of its blocks and the newest points of its job.
 * Blocks that end before may be left out. Throws where some of it is missing.
 */
export function curveOf(
  blocks: readonly BlockRow[],
  newest: readonly NamedPoint[],
  { place, from }: { place: number; from: number },
): Stretch[] {
  const stretches: Stretch[] = [];
  let next: number | null = null;
  const add = (stretch: Stretch) => {
    if (next === null ? stretch.index > from : stretch.index !== next) {
      throw new TrainyardError('DATA_DAMAGED', `the values from ${next ?? from} on are missing`);
    }
    next = stretch.index + stretch.count;
    if (next > from) stretches.push(behind(stretch, from));
  };
  for (const block of blocks) for (const stretch of stretchesOf(block)) add(stretch);
  for (const { series, point } of newest) {
    // Those before are in a block by now.
    if (series === place && point.at >= (next ?? 0)) add(stretchOf(point));
  }
  return stretches;
}

/** The part of a stretch from a value on, as far as its points show it. */
function behind(stretch: Stretch, from: number): Stretch {
  if (stretch.index >= from) return stretch;
  const points = stretch.points.filter(({ at }) => at >= from);
  return { ...stretch, points };
}
