import { TrainyardError } from '../../core/errors.ts';
import type { JobMatches, JobsFound } from '../../logs/read/search-jobs.ts';
import { builder } from '../engine/builder.ts';
import { JobFilterInput, JobType, jobFilterOf } from './job.ts';
import { LogFilterInput, LogLineType } from './log.ts';

const maxJobs = 100;
const maxLines = 20;

const JobMatchesType = builder.objectRef<JobMatches>('JobMatches').implement({
  description: "The lines of one job's log that pass a filter.",
  fields: (t) => ({
    job: t.expose('job', { type: JobType, description: 'The job.' }),
    matches: t.exposeInt('matches', {
      description: 'How many lines were found; no more than 1000 are counted.',
    }),
    whole: t.exposeBoolean('isWhole', {
      description:
        'True where these are all. Otherwise more lines may pass: there are very many, some lines are damaged, or the rest of the log comes with the next page.',
    }),
    lines: t.expose('lines', { type: [LogLineType], description: 'The first of them.' }),
  }),
});

const LogSearchType = builder.objectRef<JobsFound>('LogSearch').implement({
  description: 'A page of what was found in the logs of many jobs.',
  fields: (t) => ({
    jobs: t.expose('jobs', {
      type: [JobMatchesType],
      description: 'The jobs with such lines, newest first.',
    }),
    searched: t.exposeInt('searched', { description: 'How many jobs were looked at.' }),
    hasMore: t.exposeBoolean('hasMore', {
      description: 'True where there is more to look at: go on at `endCursor`.',
    }),
    endCursor: t.exposeString('cursor', {
      nullable: true,
      description: 'Where to go on: pass it as `after`. Null where no job was looked at.',
    }),
  }),
});

builder.queryField('searchLogs', (t) =>
  t.field({
    type: LogSearchType,
    nullable: true,
    description:
      'Searches the logs of many jobs, newest job first; null only beside an error. One call looks for two seconds at most: while `hasMore` is true, go on at `endCursor`. A job whose log is long may come in two pages.',
    args: {
      filter: t.arg({
        type: LogFilterInput,
        required: true,
        description: 'The lines to look for.',
      }),
      jobs: t.arg({
        type: JobFilterInput,
        description: 'Only logs of jobs that pass this filter.',
      }),
      first: t.arg.int({
        defaultValue: 20,
        description: `The most jobs with such lines: 1 to ${maxJobs}.`,
      }),
      linesPerJob: t.arg.int({
        defaultValue: 3,
        description: `The most lines that are shown of each job: 0 to ${maxLines}.`,
      }),
      after: t.arg.string({ description: 'The `endCursor` of the page before.' }),
    },
    complexity: ({ first, linesPerJob }) => ({
      field: 10,
      multiplier:
        (Math.max(1, Math.min(maxJobs, first ?? maxJobs)) *
          Math.max(1, Math.min(maxLines, linesPerJob ?? maxLines))) /
        4,
    }),
    resolve: (_root, { filter, jobs, first, linesPerJob, after }, { jobsSearcher, pace }) =>
      jobsSearcher.search({
        filter,
        jobs: jobFilterOf(jobs),
        first: bounded('first', first ?? 20, { least: 1, most: maxJobs }),
        linesPerJob: bounded('linesPerJob', linesPerJob ?? 3, { least: 0, most: maxLines }),
        after: after ?? null,
        pace,
      }),
  }),
);

function bounded(
  name: string,
  value: number,
  { least, most }: { least: number; most: number },
): number {
  if (value >= least && value <= most) return value;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is ${value}; it must be between ${least} and ${most}.`,
  );
}
