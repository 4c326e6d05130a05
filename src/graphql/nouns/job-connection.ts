import { TrainyardError } from '../../core/errors.ts';
import type { Job, JobFilter } from '../../core/job.ts';
import type { JobOrder, JobPage, JobPlace } from '../../core/store.ts';
import type { Jobs } from '../../jobs/jobs.ts';

/** The most jobs of one page. */
export const maxJobs = 100;

export interface ConnectionArgs {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
  orderBy?: { by: JobOrder['by'] | 'CREATED'; descending?: boolean | null } | null;
}

export interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

export interface JobConnection {
  edges: { cursor: string; node: Job }[];
  pageInfo: PageInfo;
  totalCount: number;
}

/** A page by Relay's rules. Where both are given, `last` wins over `first`, which has a default. */
export async function connection(
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
  const { by = 'CREATED', descending } = args.orderBy ?? {};
  const window = { limit, fromEnd, filter };
  if (by === 'CREATED') {
    return descending === false
      ? reversed(jobs, args, window)
      : connectionOf(await jobs.list({ ...window, ...seqsOf(args) }), ({ seq }) => `job:${seq}`);
  }
  const order = { by, descending: descending ?? true };
  const [after, before] = [placeOf('after', args.after, by), placeOf('before', args.before, by)];
  const now = after?.now ?? before?.now ?? Date.now();
  const page = await jobs.listOrdered({ ...window, order, after, before, now });
  return connectionOf(page, ({ seq }, at) => `${by}:${now}:${seq}:${page.values[at] ?? ''}`);
}

interface Window {
  limit: number;
  fromEnd: boolean;
  filter: JobFilter;
}

/** The oldest first is the newest first, read from the other end. */
async function reversed(
  jobs: Jobs,
  args: ConnectionArgs,
  { limit, fromEnd, filter }: Window,
): Promise<JobConnection> {
  const { after: before, before: after } = seqsOf(args);
  const page = await jobs.list({ limit, fromEnd: !fromEnd, after, before, filter });
  const { hasNextPage: hasPreviousPage, hasPreviousPage: hasNextPage } = page;
  return connectionOf(
    { ...page, jobs: page.jobs.toReversed(), hasNextPage, hasPreviousPage },
    ({ seq }) => `job:${seq}`,
  );
}

function connectionOf(page: JobPage, cursorOf: (job: Job, at: number) => string): JobConnection {
  const edges = page.jobs.map((node, at) => ({
    cursor: Buffer.from(cursorOf(node, at)).toString('base64url'),
    node,
  }));
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

function seqsOf({ after, before }: ConnectionArgs) {
  return { after: seqOf('after', after), before: seqOf('before', before) };
}

function seqOf(name: string, cursor: string | null | undefined): number | null {
  if (!cursor) return null;
  const [, seq] = /^job:(\d{1,15})$/.exec(textOf(cursor)) ?? [];
  if (seq === undefined) throw notACursor(name);
  return Number(seq);
}

/** The place of a cursor in an order, and the moment at which that page was read. */
function placeOf(
  name: string,
  cursor: string | null | undefined,
  by: JobOrder['by'],
): (JobPlace & { now: number }) | null {
  if (!cursor) return null;
  const parts = /^([A-Z]+):(\d{1,15}):(\d{1,15}):([-+.\de]{0,32})$/.exec(textOf(cursor)) ?? [];
  const [, order, now, seq, value] = parts;
  if (order !== by || Number.isNaN(Number(value))) throw notACursor(name, ' in this order');
  return { now: Number(now), seq: Number(seq), value: value === '' ? null : Number(value) };
}

function textOf(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

function notACursor(name: string, where = ''): TrainyardError {
  return new TrainyardError(
    'BAD_USER_INPUT',
    `${name} is not a cursor of a job; pass one that a page of jobs gave${where}.`,
  );
}
