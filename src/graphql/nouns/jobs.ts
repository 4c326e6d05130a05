import { type JobStatus, jobStatuses } from '../../core/job.ts';
import type { jobOrders } from '../../core/store.ts';
import { builder } from '../engine/builder.ts';
import { JobFilterInput, JobStatusEnum, JobType, jobFilterOf } from './job.ts';
import {
  type ConnectionArgs,
  connection,
  type JobConnection,
  maxJobs,
  type PageInfo,
} from './job-connection.ts';
import { ProviderType } from './provider.ts';

/** The type that Relay defines. */
const PageInfoType = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Where a page lies among all items.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'There are items behind it.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'There are items before it.',
    }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'The cursor of its first item; null where it is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description: 'The cursor of its last item; null where it is empty.',
    }),
  }),
});

const JobOrderFieldEnum = builder.enumType('JobOrderField', {
  description: 'What jobs can be put in order by. Jobs that have no such value come last.',
  values: {
    CREATED: { description: 'When they were deployed.' },
    FINISHED: { description: 'When they ended.' },
    DURATION: { description: 'How long they trained, those that still train until now.' },
    LOSS: { description: 'Their last training loss.' },
  } satisfies Record<(typeof jobOrders)[number] | 'CREATED', object>,
});

const JobOrderInput = builder.inputType('JobOrder', {
  description: 'An order of jobs.',
  fields: (t) => ({
    by: t.field({ type: JobOrderFieldEnum, required: true, description: 'What decides.' }),
    descending: t.boolean({
      defaultValue: true,
      description: 'The greatest, or newest, first. False: the least, or oldest.',
    }),
  }),
});

const connectionArgs = builder.args((t) => ({
  before: t.string({ description: 'Only jobs before this cursor, which are newer.' }),
  after: t.string({ description: 'Only jobs after this cursor, which are older.' }),
  first: t.int({
    defaultValue: 20,
    description: 'The most jobs, taken from the newest: 1 to 100.',
  }),
  last: t.int({
    description: 'The most jobs, taken from the oldest: 1 to 100. It replaces `first`.',
  }),
  filter: t.field({ type: JobFilterInput, description: 'Only jobs that pass this filter.' }),
  orderBy: t.field({
    type: JobOrderInput,
    description:
      'Another order than the newest first. All but CREATED are for at most 10,000 jobs; a cursor is good for the order of its page.',
  }),
}));

const JobEdgeType = builder.objectRef<JobConnection['edges'][number]>('JobEdge').implement({
  description: 'One job of a page.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description: 'The position of the job, for `after` and `before`.',
    }),
    node: t.expose('node', { type: JobType, description: 'The job.' }),
  }),
});

const JobConnectionType = builder.objectRef<JobConnection>('JobConnection').implement({
  description: 'A page of jobs. New jobs do not move the jobs of other pages.',
  fields: (t) => ({
    edges: t.expose('edges', { type: [JobEdgeType], description: 'The jobs of this page.' }),
    pageInfo: t.expose('pageInfo', {
      type: PageInfoType,
      description: 'Whether there are more jobs, and the cursors to ask for them.',
    }),
    totalCount: t.exposeInt('totalCount', {
      description: 'How many jobs pass the filter, on all pages.',
    }),
  }),
});

const JobCountType = builder.objectRef<{ status: JobStatus; count: number }>('JobCount').implement({
  description: 'How many jobs are in one state.',
  fields: (t) => ({
    status: t.expose('status', { type: JobStatusEnum, description: 'The state.' }),
    count: t.exposeInt('count', { description: 'How many jobs are in it.' }),
  }),
});

builder.queryFields((t) => ({
  jobCounts: t.field({
    type: [JobCountType],
    nullable: true,
    description:
      'How many jobs are in each state, in the order of the states; null only beside an error.',
    args: {
      filter: t.arg({ type: JobFilterInput, description: 'Only jobs that pass this filter.' }),
    },
    resolve: async (_root, { filter }, { jobs }) => {
      const counts = await jobs.counts(jobFilterOf(filter));
      return jobStatuses.map((status) => ({ status, count: counts.get(status) ?? 0 }));
    },
  }),
  job: t.field({
    type: JobType,
    nullable: true,
    description: 'One job; null where no job has this id.',
    args: { id: t.arg.id({ required: true, description: "The job's id." }) },
    resolve: (_root, { id }, { jobs }) => jobs.find(id),
  }),
  jobs: t.field({
    type: JobConnectionType,
    nullable: true,
    description: 'A page of all jobs, newest first by default; null only beside an error.',
    args: connectionArgs,
    complexity: pageCost,
    resolve: (_root, args, { jobs }) => connection(jobs, args, jobFilterOf(args.filter)),
  }),
}));

builder.objectField(ProviderType, 'jobs', (t) =>
  t.field({
    type: JobConnectionType,
    nullable: true,
    description:
      "A page of the provider's jobs, newest first by default; null only beside an error.",
    args: connectionArgs,
    complexity: pageCost,
    resolve: ({ name }, args, { jobs }) => {
      const filter = jobFilterOf(args.filter);
      const { providers } = filter;
      const own = providers && !providers.includes(name) ? [] : [name];
      return connection(jobs, args, { ...filter, providers: own });
    },
  }),
);

function pageCost({ first, last }: ConnectionArgs) {
  return { field: 1, multiplier: Math.min(maxJobs, last ?? first ?? maxJobs) };
}
