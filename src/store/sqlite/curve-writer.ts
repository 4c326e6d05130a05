import { type CurvePoint, coarsened, stretchOf } from '../../core/curve.ts';
import type { MetricPoint } from '../../core/log.ts';
import { blockStretches, encodeBlock, encodePoints, type NamedPoint } from '../curve-codec.ts';
import type { Connection } from './connection.ts';
import {
  type BlockPlace,
  type BlockRow,
  blockColumns,
  blockKey,
  blockPlace,
  blocksOfJob,
  type CurveTables,
  endsKey,
  firstOf,
  type NewestRow,
  newestOf,
  newestSql,
  placeOf,
  recentKey,
  stretchesOf,
} from './curve-rows.ts';

/** Further names of a job are ignored. */
const maxSeries = 64;
/** The most blocks of a series (4096 stretches). With one more, two blocks become one with longer stretches. */
const maxBlocks = 64;
/** The most values of a series that can be numbered; further ones are ignored. */
const maxValues = 2 ** 32;
// The recent points are written with each append, the ends only when these have become many.
const recentBytes = { least: 1024, most: 8192 };

interface Series {
  /** Its place among the job's series, in order of first appearance. */
  place: number;
  /** Values so far. */
  seen: number;
  /** The values that fill no block yet. */
  open: CurvePoint[];
  blocks: BlockPlace[];
}

/** All that a next append needs to know of a job's curves. */
export interface JobCurves {
  series: Map<string, Series>;
  /** The points since the ends were written. */
  recent: NamedPoint[];
  /** The size of the ends as they were written. */
  endsBytes: number;
}

/**
 * Extends the curves of jobs, within the transactions that append their lines. What an append writes lies in
 * the row of the log's head, which changes anyway; a job's other rows change once in some fifty points.
 */
export class CurveWriter {
  readonly #sql: ReturnType<typeof prepare>;

  readonly #hasRecent: boolean;

  constructor(connection: Connection, tables: CurveTables) {
    this.#sql = prepare(connection, tables);
    this.#hasRecent = tables.hasRecent;
  }

  /** What is stored of a job's curves. Throws where it is damaged. */
  load(seq: number): JobCurves {
    const row = this.#sql.newest.get(seq);
    const { names, points } = row ? newestOf(row) : { names: [], points: [] };
    const all = names.map((_, place) => newSeries(place));
    for (const { place, level } of this.#sql.blocks.all({ seq })) {
      const { series, number } = blockPlace(place);
      const of = all[series];
      if (of === undefined) continue;
      of.blocks.push({ number, level });
      of.seen = firstOf({ number }) + blockStretches * 2 ** level;
    }
    for (const { series, point } of points) {
      const of = all[series];
      if (of === undefined || point.at !== of.seen) continue;
      of.open.push(point);
      of.seen += 1;
    }
    const series = new Map(names.map((name, place) => [name, all[place] ?? newSeries(place)]));
    // What is in the head is written with the ends next time.
    return { series, recent: [], endsBytes: Number.POSITIVE_INFINITY };
  }

  /** Adds points to curves that `load` gave or this has left; what these then hold is only true once it is committed. */
  add(seq: number, curves: JobCurves, points: readonly MetricPoint[]): void {
    let mustWriteEnds = curves.endsBytes === Number.POSITIVE_INFINITY;
    for (const { name, step, value, time, line } of points) {
      let series = curves.series.get(name);
      if (series === undefined) {
        if (curves.series.size >= maxSeries) continue;
        series = newSeries(curves.series.size);
        curves.series.set(name, series);
        mustWriteEnds = true;
      }
      if (series.seen === maxValues) continue;
      const point = { at: series.seen, step, value, time, line };
      series.seen += 1;
      series.open.push(point);
      curves.recent.push({ series: series.place, point });
      if (series.open.length < blockStretches) continue;
      this.#closeBlock(seq, series);
      mustWriteEnds = true;
    }
    if (mustWriteEnds || !this.#writeRecent(seq, curves)) this.#writeEnds(seq, curves);
  }

  /** False where the recent points have become many, or have no place of their own. */
  #writeRecent(seq: number, { recent, endsBytes }: JobCurves): boolean {
    if (!this.#hasRecent) return false;
    const bytes = encodePoints(recent, recentKey(seq));
    const most = Math.min(recentBytes.most, Math.max(recentBytes.least, endsBytes / 4));
    if (bytes.length > most) return false;
    this.#sql.setRecent.run(bytes, seq);
    return true;
  }

  #writeEnds(seq: number, curves: JobCurves): void {
    const names = JSON.stringify([...curves.series.keys()]);
    const open = [...curves.series.values()].flatMap((series) =>
      series.open.map((point) => ({ series: series.place, point })),
    );
    const ends = encodePoints(open, endsKey(seq, names));
    this.#sql.setEnds.run({ seq, names, ends });
    if (this.#hasRecent) this.#sql.setRecent.run(null, seq);
    curves.recent = [];
    curves.endsBytes = ends.length;
  }

  #closeBlock(seq: number, series: Series): void {
    const number = (series.seen - blockStretches) / blockStretches;
    const place = placeOf({ series: series.place, number });
    const key = blockKey({ seq, place, level: 0 });
    this.#sql.insert.run(seq, place, 0, encodeBlock(series.open.map(stretchOf), 0, key));
    series.open = [];
    series.blocks.push({ number, level: 0 });
    if (series.blocks.length > maxBlocks) this.#joinBlocks(seq, series);
  }

  /** Makes two neighbours of the finest stretches, the oldest such, one block of stretches twice as long. */
  #joinBlocks(seq: number, series: Series): void {
    const at = oldestPair(series.blocks);
    const pair = series.blocks.slice(at, at + 2);
    const [first] = pair;
    if (first === undefined) return;
    const level = first.level + 1;
    const places = pair.map(({ number }) => placeOf({ series: series.place, number }));
    const rows = places
      .map((at) => this.#sql.block.get(seq, at))
      .filter((row) => row !== undefined);
    const stretches = coarsened(rows.flatMap(stretchesOf), level);
    for (const at of places) this.#sql.remove.run(seq, at);
    const place = placeOf({ series: series.place, number: first.number });
    const key = blockKey({ seq, place, level });
    this.#sql.insert.run(seq, place, level, encodeBlock(stretches, level, key));
    series.blocks.splice(at, 2, { number: first.number, level });
  }
}

/**
 * The first of two blocks that make one of the next level, of the finest that there are. More than 32 blocks
 * always have such a pair, for they are parts of a whole that was halved again and again.
 */
function oldestPair(blocks: readonly BlockPlace[]): number {
  let found = -1;
  for (let at = 0; at + 1 < blocks.length; at++) {
    const [one, two] = blocks.slice(at, at + 2);
    if (one === undefined || one.level !== two?.level) continue;
    if (one.number % 2 ** (one.level + 1) !== 0) continue;
    if (found < 0 || one.level < (blocks[found]?.level ?? 0)) found = at;
  }
  return found;
}

function newSeries(place: number): Series {
  return { place, seen: 0, open: [], blocks: [] };
}

function prepare({ db }: Connection, tables: CurveTables) {
  const { ends, blocks } = tables;
  return {
    newest: db.prepare<[number], NewestRow>(newestSql(tables, '?')),
    blocks: db.prepare<{ seq: number }, Pick<BlockRow, 'place' | 'level'>>(
      `SELECT id & 0xffffffff AS place, level FROM ${blocks} WHERE ${blocksOfJob} ORDER BY id`,
    ),
    block: db.prepare<[number, number], BlockRow>(
      `SELECT ${blockColumns} FROM ${blocks} WHERE id = (? << 32) | ?`,
    ),
    insert: db.prepare<[number, number, number, Buffer]>(
      `INSERT INTO ${blocks} (id, level, stretches) VALUES ((? << 32) | ?, ?, ?)`,
    ),
    remove: db.prepare<[number, number]>(`DELETE FROM ${blocks} WHERE id = (? << 32) | ?`),
    setRecent: db.prepare<[Buffer | null, number]>('UPDATE logs SET recent = ? WHERE seq = ?'),
    setEnds: db.prepare<{ seq: number; names: string; ends: Buffer }>(`
      INSERT INTO ${ends} (seq, names, ends) VALUES (@seq, @names, @ends)
      ON CONFLICT (seq) DO UPDATE SET names = @names, ends = @ends`),
  };
}
