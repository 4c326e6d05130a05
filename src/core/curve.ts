/** One value of a series. `at` counts the series' values from 0. */
export interface CurvePoint {
  at: number;
  step: number;
  /** May be NaN or infinite. */
  value: number;
  time: number;
  /** The offset of the line it was read from; -1 where an earlier release stored the value without it. */
  line: number;
}

/**
 * Consecutive values of a series, starting at `index`, reduced to the points that a chart must show: the
 * first, the last, the least and the greatest finite one, and the first that is not finite, in log order.
 */
export interface Stretch {
  index: number;
  count: number;
  /** How many are not finite. */
  notFinite: number;
  /** One to five points. */
  points: readonly CurvePoint[];
}

/** The first of the least finite values; null where none is finite. */
export function leastOf({ points }: Stretch): CurvePoint | null {
  let least: CurvePoint | null = null;
  for (const point of points) {
    if (Number.isFinite(point.value) && (least === null || point.value < least.value)) {
      least = point;
    }
  }
  return least;
}

/** The first of the greatest finite values; null where none is finite. */
export function greatestOf({ points }: Stretch): CurvePoint | null {
  let greatest: CurvePoint | null = null;
  for (const point of points) {
    if (Number.isFinite(point.value) && (greatest === null || point.value > greatest.value)) {
      greatest = point;
    }
  }
  return greatest;
}

/** The first value that is not finite; null where all are. */
export function breakOf({ points }: Stretch): CurvePoint | null {
  return points.find(({ value }) => !Number.isFinite(value)) ?? null;
}

/** A point as a stretch of its own. */
export function stretchOf(point: CurvePoint): Stretch {
  const notFinite = Number.isFinite(point.value) ? 0 : 1;
  return { index: point.at, count: 1, notFinite, points: [point] };
}

/**
 * Joins stretches into stretches of 2^`level` values, each of which begins at a multiple of that number.
 * Longer stretches stay as they are. The level alone decides where a stretch begins and ends, so a full
 * stretch never changes again.
 */
export function coarsened(stretches: readonly Stretch[], level: number): Stretch[] {
  const length = 2 ** level;
  const result: Stretch[] = [];
  let group: Stretch[] = [];
  let place = -1;
  for (const stretch of stretches) {
    const next = Math.floor(stretch.index / length);
    if (group.length > 0 && next !== place) {
      result.push(joined(group));
      group = [];
    }
    group.push(stretch);
    place = next;
  }
  if (group.length > 0) result.push(joined(group));
  return result;
}

/**
 * Coarsens stretches, one level at a time, until there are at most `most` of them. `sizeOf` may count something
 * other than stretches.
 */
export function fitted(
  stretches: readonly Stretch[],
  most: number,
  sizeOf: (stretches: readonly Stretch[]) => number = ({ length }) => length,
): readonly Stretch[] {
  let result = stretches;
  for (let level = 1; result.length > 1 && sizeOf(result) > most; level += 1) {
    const next = coarsened(result, level);
    if (next.length < result.length) result = next;
  }
  return result;
}

/** At most `most` points that show a curve: its first and last one, and each stretch's extremes and first break. */
export function pointsOf(stretches: readonly Stretch[], most: number): CurvePoint[] {
  const shown = fitted(stretches, most, (some) => outline(some).length);
  const points = outline(shown);
  if (points.length <= most) return points;
  // `most` is less than even one stretch needs: the most telling points are kept.
  const [stretch] = shown;
  const wanted = stretch && [
    points.at(-1),
    greatestOf(stretch),
    leastOf(stretch),
    breakOf(stretch),
    points.at(0),
  ];
  const kept = new Set(wanted?.filter((point) => point != null).map(({ at }) => at));
  const few = new Set([...kept].slice(0, most));
  return points.filter(({ at }) => few.has(at));
}

/** At most `most` values that are not finite: the first one of each stretch that has any. */
export function breaksOf(stretches: readonly Stretch[], most: number): CurvePoint[] {
  const broken = stretches.filter(({ notFinite }) => notFinite > 0);
  return fitted(broken, most)
    .map(breakOf)
    .filter((point) => point !== null);
}

function outline(stretches: readonly Stretch[]): CurvePoint[] {
  const first = stretches.at(0)?.points.at(0);
  const last = stretches.at(-1)?.points.at(-1);
  const points: CurvePoint[] = [];
  for (const stretch of stretches) {
    const shown = [leastOf(stretch), greatestOf(stretch), breakOf(stretch)];
    for (const point of stretch.points) {
      if (point === first || point === last || shown.includes(point)) points.push(point);
    }
  }
  return points;
}

function joined(group: readonly Stretch[]): Stretch {
  const [only] = group;
  if (only !== undefined && group.length === 1) return only;
  let count = 0;
  let notFinite = 0;
  const points: CurvePoint[] = [];
  for (const stretch of group) {
    count += stretch.count;
    notFinite += stretch.notFinite;
    points.push(...stretch.points);
  }
  const all = { index: points[0]?.at ?? 0, count, notFinite, points };
  const telling = [leastOf(all), greatestOf(all), breakOf(all)];
  const last = points.length - 1;
  return {
    ...all,
    points: points.filter((point, at) => at === 0 || at === last || telling.includes(point)),
  };
}
