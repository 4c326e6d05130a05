import { breakOf, type CurvePoint, greatestOf, leastOf, type Stretch } from '../../core/curve.ts';
import { TrainyardError } from '../../core/errors.ts';
import { type MetricSeries, type NotFinite, notFiniteOf, type notFinites } from '../../core/log.ts';
import type { StretchOptions } from '../../core/store.ts';
import { builder } from '../engine/builder.ts';
import type { GraphContext } from '../engine/context.ts';

/** The most points, or stretches, of one series that a query may ask for. */
const mostParts = 4000;
const defaultPoints = 500;
const defaultStretches = 200;
/** About how many points are read and made an answer of in a millisecond. */
const pointsPerMs = 100;

export const NotFiniteEnum = builder.enumType('NotFinite', {
  description: 'The values that are not finite numbers.',
  values: {
    NAN: { description: 'Not a number.' },
    INFINITY: { description: 'Positive infinity.' },
    NEGATIVE_INFINITY: { description: 'Negative infinity.' },
  } satisfies Record<(typeof notFinites)[number], object>,
});

const MetricPointType = builder.objectRef<CurvePoint>('MetricPoint').implement({
  description: 'One finite value of a metric.',
  fields: (t) => ({
    step: t.exposeInt('step', { description: 'The training step.' }),
    value: t.exposeFloat('value', { description: 'The value.' }),
    time: t.expose('time', { type: 'DateTime', description: 'When its line was printed.' }),
    line: t.int({
      nullable: true,
      description: 'The offset of the line it was read from; null where an old release read it.',
      resolve: lineOf,
    }),
  }),
});

const MetricBreakType = builder
  .objectRef<CurvePoint & { kind: NotFinite }>('MetricBreak')
  .implement({
    description: 'A value of a metric that is not a finite number.',
    fields: (t) => ({
      step: t.exposeInt('step', { description: 'The training step.' }),
      kind: t.expose('kind', { type: NotFiniteEnum, description: 'What the value is.' }),
      time: t.expose('time', { type: 'DateTime', description: 'When its line was printed.' }),
      line: t.int({
        nullable: true,
        description: 'The offset of the line it was read from; null where an old release read it.',
        resolve: lineOf,
      }),
    }),
  });

const MetricStretchType = builder.objectRef<Stretch>('MetricStretch').implement({
  description:
    'Consecutive values of a metric. Their number is a power of two, except in the newest stretch. A stretch never changes once the next one has begun. With fewer stretches, two neighbours become one.',
  fields: (t) => ({
    fromStep: t.int({
      description: "The first value's step.",
      resolve: ({ points }) => points.at(0)?.step ?? 0,
    }),
    toStep: t.int({
      description: "The last value's step.",
      resolve: ({ points }) => points.at(-1)?.step ?? 0,
    }),
    count: t.exposeInt('count', { description: 'How many values it has.' }),
    notFinite: t.exposeInt('notFinite', {
      description: 'How many of them are not finite numbers.',
    }),
    first: t.field({
      type: MetricPointType,
      nullable: true,
      description: 'The first value; null where it is not finite.',
      resolve: ({ points }) => finite(points.at(0)),
    }),
    last: t.field({
      type: MetricPointType,
      nullable: true,
      description: 'The last value; null where it is not finite.',
      resolve: ({ points }) => finite(points.at(-1)),
    }),
    min: t.field({
      type: MetricPointType,
      nullable: true,
      description: 'The least finite value; null where none is finite.',
      resolve: leastOf,
    }),
    max: t.field({
      type: MetricPointType,
      nullable: true,
      description: 'The greatest finite value; null where none is finite.',
      resolve: greatestOf,
    }),
    firstNotFinite: t.field({
      type: MetricBreakType,
      nullable: true,
      description: 'The first value that is not finite; null where all are.',
      resolve: (stretch) => {
        const point = breakOf(stretch);
        return point && broken(point);
      },
    }),
  }),
});

/** A series, and where to find the rest of it. */
type SeriesOfJob = MetricSeries & { jobId: string; of?: StretchOptions['of'] };

export const MetricSeriesType = builder.objectRef<SeriesOfJob>('MetricSeries').implement({
  description: "One metric over a job's life, parsed from its log.",
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name in the log, such as `loss`.' }),
    points: t.field({
      type: [MetricPointType],
      description:
        'The finite values in the order of the log. If there are more than `maxPoints`, these are the least and the greatest value of each stretch of the log and the last value of all, so that no spike is left out.',
      resolve: ({ points }) => points.filter(({ value }) => Number.isFinite(value)),
    }),
    seen: t.float({ description: 'How many values the log has.', resolve: ({ seen }) => seen }),
    notFinite: t.field({
      type: [MetricBreakType],
      description:
        'The values that are not finite numbers, in the order of the log. If there are more than `maxPoints`, these are the first one of each stretch that has any.',
      resolve: ({ breaks }) => breaks.map(broken),
    }),
    stretches: t.field({
      type: [MetricStretchType],
      description: 'All values between two steps, as consecutive stretches.',
      args: {
        fromStep: t.arg.int({
          description: 'The first stretch is the one with this step; the first of all by default.',
        }),
        toStep: t.arg.int({
          description: 'The last stretch is the one with this step; the last of all by default.',
        }),
        maxStretches: t.arg.int({
          defaultValue: defaultStretches,
          description: `The most stretches: 1 to ${mostParts}.`,
        }),
      },
      // The cost of the series' points is counted at the field `metrics`.
      complexity: ({ maxStretches }) => cost((maxStretches ?? defaultStretches) / 20),
      async resolve({ jobId, name, of }, { fromStep, toStep, maxStretches }, { metrics, pace }) {
        const most = bounded('maxStretches', maxStretches ?? defaultStretches, 1);
        await pace.turn('page', most / pointsPerMs);
        const stretches = await metrics.stretches(jobId, {
          of: of ?? 'metrics',
          name,
          fromStep: fromStep ?? Number.NEGATIVE_INFINITY,
          toStep: toStep ?? Number.POSITIVE_INFINITY,
          most,
        });
        return [...stretches];
      },
    }),
  }),
});

const metricsArgs = builder.args((t) => ({
  names: t.stringList({ description: 'Only the metrics with these names; all by default.' }),
  maxPoints: t.int({
    defaultValue: defaultPoints,
    description: `The most points of each metric: 2 to ${mostParts}.`,
  }),
}));

interface MetricsArgs {
  names?: string[] | null | undefined;
  maxPoints?: number | null | undefined;
}

/** The arguments, the cost and the resolver of a job's field `metrics`. */
export const metricsField = {
  args: metricsArgs,
  defaultPoints,
  cost: ({ maxPoints }: MetricsArgs) => cost((maxPoints ?? defaultPoints) / 10),
  /** How many points were asked for. Throws `BAD_USER_INPUT` out of bounds. */
  boundedPoints: (maxPoints: number | null | undefined) =>
    bounded('maxPoints', maxPoints ?? defaultPoints, 2),
  /** About how long it takes to read so many points and to make an answer of them, in milliseconds. */
  turnMs: (points: number) => points / pointsPerMs,
  async series(
    jobId: string,
    { names, maxPoints }: MetricsArgs,
    { metrics, pace }: Pick<GraphContext, 'metrics' | 'pace'>,
    of: 'metrics' | 'resources' = 'metrics',
  ): Promise<SeriesOfJob[]> {
    const most = metricsField.boundedPoints(maxPoints);
    await pace.turn('page', metricsField.turnMs(most));
    const series = await metrics[of](jobId, { names: names ?? null, maxPoints: most });
    return series.map((one) => ({ ...one, jobId, of }));
  },
};

function lineOf({ line }: CurvePoint): number | null {
  return line < 0 ? null : line;
}

function finite(point: CurvePoint | undefined): CurvePoint | null {
  return point !== undefined && Number.isFinite(point.value) ? point : null;
}

function broken(point: CurvePoint): CurvePoint & { kind: NotFinite } {
  return { ...point, kind: notFiniteOf(point.value) ?? 'NAN' };
}

/** A field's cost. It stays within bounds: the resolver refuses an amount out of bounds by name. */
function cost(multiplier: number) {
  return { field: 1, multiplier: Math.max(1, Math.min(mostParts, Math.ceil(multiplier))) };
}

function bounded(name: string, value: number, least: number): number {
  if (value >= least && value <= mostParts) return value;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is ${value}; it must be between ${least} and ${mostParts}.`,
  );
}
