import type { Database } from 'better-sqlite3';
import { stretchOf } from '../../core/curve.ts';
import { blockStretches, encodeBlock, encodePoints, type NamedPoint } from '../curve-codec.ts';
import { blockKey, endsKey, placeOf } from './curve-rows.ts';

/**
 * The step from thinned points to curves of stretches. The points that were kept become a curve's values; their
 * lines are not known.
 */
export function addCurves(db: Database): void {
  db.exec(`
    -- One row a job: its series' names, and those of their values that fill no block yet.
    CREATE TABLE curves (
      seq INTEGER PRIMARY KEY,
      names TEXT NOT NULL,
      ends BLOB NOT NULL
    ) STRICT;

    -- id = seq << 32 | place of the series among the job's << 26 | index of the first value / 64.
    CREATE TABLE curve_blocks (
      id INTEGER PRIMARY KEY,
      level INTEGER NOT NULL,
      stretches BLOB NOT NULL
    ) STRICT;

    -- The values since ends was written.
    ALTER TABLE logs ADD COLUMN recent BLOB`);
  const jobs = db
    .prepare<[], number>('SELECT DISTINCT seq FROM metric_series ORDER BY seq')
    .pluck();
  for (const seq of jobs.all()) takeOver(db, seq);
  db.exec('DROP TABLE metric_points; DROP TABLE metric_series');
}

interface OldPoint {
  step: number;
  value: number | null;
  time: number;
}

function takeOver(db: Database, seq: number): void {
  const series = db
    .prepare<[number], { id: number; name: string }>(
      'SELECT id, name FROM metric_series WHERE seq = ? ORDER BY id',
    )
    .all(seq);
  // The last value is a point of its own only where it was the stride's turn.
  const points = db.prepare<{ id: number }, OldPoint>(`
    SELECT step, value, time FROM (
      SELECT id & 0xffffffff AS at, step, value, time FROM metric_points
      WHERE id >= @id << 32 AND id < (@id + 1) << 32
      UNION ALL
      SELECT seen - 1, last_step, last_value, last_time FROM metric_series
      WHERE id = @id AND (seen - 1) % stride <> 0)
    ORDER BY at`);
  const insert = db.prepare<[number, number, number, Buffer]>(
    'INSERT INTO curve_blocks VALUES ((? << 32) | ?, ?, ?)',
  );
  const newest: NamedPoint[] = [];
  for (const [index, { id }] of series.entries()) {
    const all = points.all({ id }).map(({ step, value, time }, at) => ({
      at,
      step,
      value: value ?? Number.NaN,
      time,
      line: -1,
    }));
    const full = all.length - (all.length % blockStretches);
    for (let first = 0; first < full; first += blockStretches) {
      const place = placeOf({ series: index, number: first / blockStretches });
      const stretches = all.slice(first, first + blockStretches).map(stretchOf);
      insert.run(seq, place, 0, encodeBlock(stretches, 0, blockKey({ seq, place, level: 0 })));
    }
    newest.push(...all.slice(full).map((point) => ({ series: index, point })));
  }
  const names = JSON.stringify(series.map(({ name }) => name));
  db.prepare<[number, string, Buffer]>('INSERT INTO curves VALUES (?, ?, ?)').run(
    seq,
    names,
    encodePoints(newest, endsKey(seq, names)),
  );
}
