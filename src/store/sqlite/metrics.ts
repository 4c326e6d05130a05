import { setImmediate as nextTurn } from 'node:timers/promises';
import { breaksOf, fitted, pointsOf, type Stretch } from '../../core/curve.ts';
import { codeOf } from '../../core/errors.ts';
import type { MetricPoint, MetricSeries } from '../../core/log.ts';
import type { Lease } from '../../core/store.ts';
import type { NamedPoint } from '../curve-codec.ts';
import { damagedCurves } from '../damage.ts';
import type { Connection } from './connection.ts';
import {
  type BlockRow,
  blockColumns,
  blockPlace,
  blocksOfJob,
  type CurveTables,
  curveOf,
  endOf,
  type NewestRow,
  newestOf,
  newestSql,
} from './curve-rows.ts';
import { CurveWriter, type JobCurves } from './curve-writer.ts';

/** Series of numbers of the jobs of a SQLite store: those found in their logs, or what they used of their machines. */
export class SqliteMetrics {
  readonly #connection: Connection;
  readonly #writer: CurveWriter;
  readonly #sql: ReturnType<typeof prepare>;
  /** What appends under a lease have left, so that the next one need not read it again; null where it is damaged. */
  readonly #curves = new WeakMap<Lease, JobCurves | null>();

  constructor(connection: Connection, tables: CurveTables) {
    this.#connection = connection;
    this.#writer = new CurveWriter(connection, tables);
    this.#sql = prepare(connection, tables);
  }

  /**
   * Adds points within the transaction that appends their lines, and returns what is to be called once that is
   * committed. Curves that are damaged take no more points, for a log must not stand still for them.
   */
  add(lease: Lease, seq: number, points: readonly MetricPoint[]): () => void {
    const known = this.#curves.get(lease);
    this.#curves.delete(lease);
    const curves = known === undefined ? soundly(() => this.#writer.load(seq)) : known;
    const extended =
      curves &&
      soundly(() => {
        this.#writer.add(seq, curves, points);
        return curves;
      });
    return () => this.#curves.set(lease, extended);
  }

  /** As `LogStore.metrics` promises. */
  async series(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]> {
    const { series } = await this.newSeries(jobId, { ...options, seen: [] });
    return series;
  }

  /** As `LogStore.newMetrics` promises. */
  async newSeries(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number; seen: readonly number[] },
  ): Promise<{ series: MetricSeries[]; counts: number[] }> {
    const { names, points, blocks } = await this.#rows(jobId, options.names, options.seen);
    const series: MetricSeries[] = [];
    const counts = names.map((_, place) => options.seen[place] ?? 0);
    const most = Math.max(1, options.maxPoints);
    for (const [place, name] of names.entries()) {
      if (options.names !== null && !options.names.includes(name)) continue;
      if (series.length > 0) await nextTurn();
      const from = counts[place] ?? 0;
      const curve = readable(jobId, () =>
        curveOf(blocks.get(place) ?? [], points, { place, from }),
      );
      const last = curve.at(-1);
      if (last === undefined) continue;
      const seen = last.index + last.count;
      counts[place] = seen;
      series.push({ name, seen, points: pointsOf(curve, most), breaks: breaksOf(curve, most) });
    }
    return { series, counts };
  }

  /** As `LogStore.stretches` promises. */
  async stretches(
    jobId: string,
    options: { name: string; fromStep: number; toStep: number; most: number },
  ): Promise<readonly Stretch[]> {
    const { names, points, blocks } = await this.#rows(jobId, [options.name]);
    const place = names.indexOf(options.name);
    const curve = readable(jobId, () =>
      curveOf(blocks.get(place) ?? [], points, { place, from: 0 }),
    );
    const within = curve.filter((stretch) => {
      const steps = stretch.points.map(({ step }) => step);
      return Math.max(...steps) >= options.fromStep && Math.min(...steps) <= options.toStep;
    });
    return fitted(within, options.most);
  }

  /**
   * What is stored of a job's series at one moment; blocks of the named series alone, by the place of their name,
   * and only those that hold values behind the ones that `seen` counts.
   */
  #rows(
    jobId: string,
    wanted: readonly string[] | null,
    seen: readonly number[] = [],
  ): Promise<{ names: string[]; points: NamedPoint[]; blocks: Map<number, BlockRow[]> }> {
    // One transaction, for another server may be writing.
    const read = this.#connection.db.transaction(() => {
      const row = this.#sql.newest.get(jobId);
      if (row === undefined) return { names: [], points: [], blocks: new Map() };
      const { names, points } = readable(jobId, () => newestOf(row));
      const blocks = new Map<number, BlockRow[]>();
      const isWanted = names.map((name) => wanted === null || wanted.includes(name));
      for (const { place, level } of this.#sql.places.all(row)) {
        const { series, number } = blockPlace(place);
        if (!isWanted[series] || endOf({ number, level }) <= (seen[series] ?? 0)) continue;
        const block = this.#sql.block.get(row.seq, place);
        if (block === undefined) continue;
        const of = blocks.get(series);
        if (of === undefined) blocks.set(series, [block]);
        else of.push(block);
      }
      return { names, points, blocks };
    });
    return this.#connection.read(read);
  }
}

/** What the work returns; `DATA_DAMAGED` for this job where it meets what is damaged. */
function readable<T>(jobId: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw codeOf(error) === 'DATA_DAMAGED' ? damagedCurves(jobId, error) : error;
  }
}

/** What the work returns; null where it meets what is damaged. */
function soundly<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (codeOf(error) === 'DATA_DAMAGED') return null;
    throw error;
  }
}

function prepare({ db }: Connection, tables: CurveTables) {
  const { blocks } = tables;
  return {
    newest: db.prepare<[string], NewestRow>(
      newestSql(tables, '(SELECT seq FROM jobs WHERE id = ?)'),
    ),
    places: db.prepare<{ seq: number }, Pick<BlockRow, 'place' | 'level'>>(
      `SELECT id & 0xffffffff AS place, level FROM ${blocks} WHERE ${blocksOfJob} ORDER BY id`,
    ),
    block: db.prepare<[number, number], BlockRow>(
      `SELECT ${blockColumns} FROM ${blocks} WHERE id = (? << 32) | ?`,
    ),
  };
}
