import type { MetricPoint, MetricSeries } from '../../core/log.ts';
import type { Connection } from './connection.ts';

/** A series keeps at most this many points: when it has more, every second one goes. */
const maxPoints = 4000;
/** Further names of a job are ignored. */
const maxSeries = 64;

interface SeriesRow {
  id: number;
  name: string;
  stride: number;
  seen: number;
  last_step: number;
  last_value: number | null;
  last_time: number;
}

interface PointRow {
  step: number;
  value: number | null;
  time: number;
}

/** The numbers found in the logs of a SQLite store. */
export class SqliteMetrics {
  readonly #connection: Connection;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepare(connection);
  }

  /** Adds points within the transaction that appends their lines. */
  add(seq: number, points: readonly MetricPoint[]): void {
    for (const [name, values] of Map.groupBy(points, (point) => point.name)) {
      this.#extend(seq, name, values);
    }
  }

  /** The series of a job in order of first appearance, each thinned out evenly, its last point kept. */
  series(
    jobId: string,
    options: { names: readonly string[] | null; maxPoints: number },
  ): Promise<MetricSeries[]> {
    return this.#connection.read(() => {
      const wanted = options.names === null ? null : new Set(options.names);
      return this.#sql.ofJob
        .all(jobId)
        .filter(({ name }) => wanted === null || wanted.has(name))
        .map((row) => ({ name: row.name, points: this.#points(row, options.maxPoints) }));
    });
  }

  #extend(seq: number, name: string, values: readonly MetricPoint[]): void {
    const last = values.at(-1);
    if (last === undefined) return;
    let series = this.#sql.find.get(seq, name);
    if (series === undefined) {
      if ((this.#sql.count.get(seq) ?? 0) >= maxSeries) return;
      series = this.#sql.create.get(seq, name, last.step, last.time);
      if (series === undefined) throw new Error(`metric ${name} was not inserted`);
    }
    let { stride, seen } = series;
    for (const { step, value, time } of values) {
      if (seen % stride === 0) this.#sql.addPoint.run(series.id, seen, step, value, time);
      seen += 1;
      if (seen > stride * maxPoints) {
        stride *= 2;
        this.#sql.thinOut.run({ id: series.id, stride });
      }
    }
    this.#sql.update.run(stride, seen, last.step, last.value, last.time, series.id);
  }

  #points(series: SeriesRow, most: number): MetricSeries['points'] {
    const rows: PointRow[] = this.#sql.points.all({ id: series.id });
    if ((series.seen - 1) % series.stride !== 0) {
      rows.push({
        step: series.last_step,
        value: series.last_value,
        time: series.last_time,
      });
    }
    return thinned(rows, Math.max(1, most)).map(({ step, value, time }) => ({
      step,
      value: value ?? Number.NaN,
      time,
    }));
  }
}

/** Evenly spread rows, the first and the last among them; of one, the last. */
function thinned<T>(rows: readonly T[], most: number): readonly T[] {
  if (rows.length <= most) return rows;
  if (most === 1) return rows.slice(-1);
  const gap = (rows.length - 1) / (most - 1);
  const kept = new Set(Array.from({ length: most }, (_, index) => Math.round(index * gap)));
  return rows.filter((_, index) => kept.has(index));
}

function prepare({ db }: Connection) {
  return {
    find: db.prepare<[number, string], SeriesRow>(
      'SELECT * FROM metric_series WHERE seq = ? AND name = ?',
    ),
    count: db.prepare<[number], number>('SELECT count(*) FROM metric_series WHERE seq = ?').pluck(),
    create: db.prepare<[number, string, number, number], SeriesRow>(`
      INSERT INTO metric_series (seq, name, stride, seen, last_step, last_time)
      VALUES (?, ?, 1, 0, ?, ?) RETURNING *`),
    addPoint: db.prepare<[number, number, number, number, number]>(`
      INSERT INTO metric_points (id, step, value, time) VALUES ((? << 32) | ?, ?, ?, ?)`),
    thinOut: db.prepare<{ id: number; stride: number }>(`
      DELETE FROM metric_points
      WHERE id >= @id << 32 AND id < (@id + 1) << 32 AND (id & 0xffffffff) % @stride <> 0`),
    update: db.prepare<[number, number, number, number, number, number]>(`
      UPDATE metric_series
      SET stride = ?, seen = ?, last_step = ?, last_value = ?, last_time = ? WHERE id = ?`),
    ofJob: db.prepare<[string], SeriesRow>(`
      SELECT * FROM metric_series WHERE seq = (SELECT seq FROM jobs WHERE id = ?) ORDER BY id`),
    points: db.prepare<{ id: number }, PointRow>(`
      SELECT step, value, time FROM metric_points
      WHERE id >= @id << 32 AND id < (@id + 1) << 32 ORDER BY id`),
  };
}
