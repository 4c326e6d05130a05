import type { MetricUpdate } from '../../logs/read/live-metrics.ts';
import { builder } from '../engine/builder.ts';
import { MetricSeriesType, metricsField } from './metrics.ts';

const MetricUpdateType = builder.objectRef<MetricUpdate>('MetricUpdate').implement({
  description: "New values of a job's metrics.",
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The job whose metrics these are.' }),
    cursor: t.exposeString('cursor', {
      description: 'The position behind these values. Pass it as `after` to resume.',
    }),
    series: t.field({
      type: [MetricSeriesType],
      description:
        'The metrics that have new values. `points` and `notFinite` are the new ones alone; `seen` counts all.',
      resolve: ({ jobId, series }) => series.map((one) => ({ ...one, jobId })),
    }),
    complete: t.exposeBoolean('complete', {
      description: 'True where the job is over, and there will be no more values.',
    }),
  }),
});

builder.subscriptionField('metricsUpdated', (t) =>
  t.field({
    type: MetricUpdateType,
    description:
      "Follows a job's metrics: all values, or those behind `after`, then new ones as they come, at most four times a second. What was told before is not told again, so that a chart only grows. Ends after the update that is `complete`.",
    args: {
      jobId: t.arg.id({ required: true, description: "The job's id." }),
      names: t.arg.stringList({
        description: 'Only the metrics with these names, the same for all updates; all by default.',
      }),
      maxPoints: t.arg.int({
        defaultValue: metricsField.defaultPoints,
        description: 'The most points of each metric in one update: 2 to 4000.',
      }),
      after: t.arg.string({ description: 'The cursor of the last update that the reader has.' }),
    },
    complexity: metricsField.cost,
    subscribe: (_root, { jobId, names, maxPoints, after }, { liveMetrics, pace }) => {
      const most = metricsField.boundedPoints(maxPoints);
      return liveMetrics.follow(jobId, {
        names: names ?? null,
        maxPoints: most,
        after: after ?? null,
        pace,
        turnMs: metricsField.turnMs(most),
      });
    },
    resolve: (update) => update,
  }),
);
