import { TrainyardError } from '../../core/errors.ts';
import type { LogBucket, LogOverview } from '../../logs/read/overview.ts';
import { builder } from '../engine/builder.ts';
import { LogFilterInput } from './log.ts';

const mostBuckets = 500;
const defaultBuckets = 200;

const LogBucketType = builder.objectRef<LogBucket>('LogBucket').implement({
  description: 'Consecutive lines of a log.',
  fields: (t) => ({
    offset: t.exposeInt('offset', { description: 'The number of the first of them.' }),
    lines: t.exposeInt('lines', { description: 'How many there are.' }),
    warnings: t.exposeInt('warnings', { description: 'How many state the level WARNING.' }),
    errors: t.exposeInt('errors', { description: 'How many state the level ERROR.' }),
    matches: t.exposeInt('matches', {
      description: 'How many pass the filter, as far as they were looked at; 0 without one.',
    }),
  }),
});

const LogOverviewType = builder.objectRef<LogOverview>('LogOverview').implement({
  description: "How a log's lines are spread over it: marks beside a scrollbar, errors in all.",
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The job whose log this is.' }),
    total: t.exposeInt('total', { description: 'How many lines the log has.' }),
    buckets: t.expose('buckets', {
      type: [LogBucketType],
      description: 'All lines in parts of the same length, but for the last one.',
    }),
    warnings: t.int({
      description: 'How many lines state the level WARNING.',
      resolve: ({ buckets }) => sum(buckets, 'warnings'),
    }),
    errors: t.int({
      description: 'How many lines state the level ERROR.',
      resolve: ({ buckets }) => sum(buckets, 'errors'),
    }),
    levelsExact: t.exposeBoolean('levelsExact', {
      description:
        'True where each level is counted in the very bucket of its line. Otherwise the log has too many of them to be read at once: some are spread over neighbouring buckets, and among the newest lines some may be missing.',
    }),
    matches: t.int({
      nullable: true,
      description: 'How many lines before `searchedTo` pass the filter; null without one.',
      resolve: ({ buckets, searchedTo }) => (searchedTo === 0 ? null : sum(buckets, 'matches')),
    }),
    searchedTo: t.exposeInt('searchedTo', {
      description:
        'The line before which all lines were looked at for the filter; less than `total` where the log is too long for one call. 0 without a filter.',
    }),
  }),
});

builder.queryField('logOverview', (t) =>
  t.field({
    type: LogOverviewType,
    nullable: true,
    description:
      "How a log's lines are spread over it; null only beside an error. Levels are taken from summaries as far as these tell enough. One call reads at most a million lines for the levels and as many for the filter, for two seconds each.",
    args: {
      jobId: t.arg.id({ required: true, description: "The job's id." }),
      buckets: t.arg.int({
        defaultValue: defaultBuckets,
        description: `The most parts: 1 to ${mostBuckets}.`,
      }),
      filter: t.arg({
        type: LogFilterInput,
        description: 'Count the lines that pass this filter, too.',
      }),
    },
    complexity: ({ buckets }) => ({
      field: 10,
      multiplier: Math.max(1, Math.min(mostBuckets, buckets ?? defaultBuckets)) / 10,
    }),
    async resolve(_root, { jobId, buckets, filter }, { logReader, logOverviews, pace }) {
      const most = buckets ?? defaultBuckets;
      if (most < 1 || most > mostBuckets) {
        throw new TrainyardError(
          'BAD_USER_INPUT',
          `buckets is ${most}; it must be between 1 and ${mostBuckets}.`,
        );
      }
      const { total } = await logReader.extent(jobId);
      return logOverviews.of(jobId, total, { buckets: most, filter: filter ?? null, pace });
    },
  }),
);

function sum(buckets: readonly LogBucket[], what: 'warnings' | 'errors' | 'matches'): number {
  return buckets.reduce((all, bucket) => all + bucket[what], 0);
}
