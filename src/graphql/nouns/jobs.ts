import { TrainyardError } from '../../core/errors.ts';
import { type Job, type JobFilter, type JobStatus, jobStatuses } from '../../core/job.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import { builder } from '../engine/builder.ts';
import { JobFilterInput, JobStatusEnum, JobType, jobFilterOf } from './job.ts';
import { ProviderType } from './provider.ts';

/** The most jobs of one page. */
const maxJobs = 100;

interface ConnectionArgs {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
}

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

interface JobConnection {
  edges: { cursor: string; node: Job }[];
  pageInfo: PageInfo;
  totalCount: number;
}

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
  description: 'A page of jobs, newest first. New jobs do not move the jobs of other pages.',
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
    description: 'A page of all jobs, newest first; null only beside an error.',
    args: connectionArgs,
    complexity: pageCost,
    resolve: (_root, args, { jobs }) => connection(jobs, args, jobFilterOf(args.filter)),
  }),
}));

builder.objectField(ProviderType, 'jobs', (t) =>
  t.field({
    type: JobConnectionType,
    nullable: true,
    description: "A page of the provider's jobs, newest first; null only beside an error.",
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

/** A page by Relay's rules. Where both are given, `last` wins over `first`, which has a default. */
async function connection(
  jobs: Jobs,
  args: ConnectionArgs,
  filter: JobFilter,
): Promise<JobConnection> {
  const fromEnd = args.last !== null && args.last !== undefined;
  const limit = fromEnd ? (args.last ?? maxJobs) : (args.first ?? 20);
  if (limit < 1 || limit > maxJobs) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `${fromEnd ? 'last' : 'first'} is ${limit}; it must be between 1 and ${maxJobs}.`,
    );
  }
  const page = await jobs.list({
    limit,
    fromEnd,
    after: args.after ? seqOf('after', args.after) : null,
    before: args.before ? seqOf('before', args.before) : null,
    filter,
  });
  const edges = page.jobs.map((node) => ({ cursor: cursorOf(node.seq), node }));
  return {
    edges,
    totalCount: page.totalCount,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function cursorOf(seq: number): string {
  return Buffer.from(`job:${seq}`).toString('base64url');
}

function seqOf(name: string, cursor: string): number {
  const [, seq] = /^job:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (seq !== undefined) return Number(seq);
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is not a cursor of a job; pass one that a page of jobs gave.`,
  );
}
