import {
  FindJobsDocument,
  type FindJobsQuery,
  JobDocument,
  type JobQuery,
} from '@trainyard/client';
import { CommandError, exitCode } from '../exit.ts';
import { visible } from '../screen/visible.ts';
import type { Api } from './api.ts';

/** A name or a part of an id is looked for among this many jobs that have it anywhere, the newest. */
const maxLookedAt = 1000;
const pageJobs = 100;
/** The most jobs that are listed where several are meant. */
const maxListed = 10;

export type FoundJob = NonNullable<JobQuery['job']>;
type Candidate = NonNullable<FindJobsQuery['jobs']>['edges'][number]['node'];

/**
 * Resolves to the job that a caller means by its id, by the beginning of its id, by its name, or by `last`, the newest
 * one. Rejects with a `CommandError` where there is none, or several, which it lists.
 */
export async function findJob(api: Api, given: string): Promise<FoundJob> {
  // Every id begins with nothing: a variable that is not set must not mean the only job.
  if (given.trim() === '') throw new CommandError(exitCode.usage, 'The job is an empty text.');
  if (given === 'last') return newestJob(api);
  const { job } = await api.ask(JobDocument, { id: given });
  if (job) return job;
  const found = await candidates(api, given);
  const [only, ...others] = found;
  if (only && others.length === 0) return findJob(api, only.id);
  if (!only) {
    throw new CommandError(
      exitCode.refused,
      `NOT_FOUND: There is no job ${JSON.stringify(given)}. \`${api.hint('jobs')}\` lists them.`,
    );
  }
  const listed = found.slice(0, maxListed);
  const more = found.length - listed.length;
  throw new CommandError(
    exitCode.refused,
    `${JSON.stringify(given)} may be any of ${found.length} jobs; give more of the id:`,
    {
      lines: [
        ...listed.map(({ id, status, name }) => `  ${id}  ${status}  ${name}`),
        ...(more > 0 ? [`  and ${more} more`] : []),
      ].map((line) => visible(line, { colours: false })),
    },
  );
}

async function newestJob(api: Api): Promise<FoundJob> {
  const { jobs } = await api.ask(FindJobsDocument, { first: 1, search: '' });
  const newest = jobs?.edges[0]?.node;
  if (newest) return findJob(api, newest.id);
  throw new CommandError(
    exitCode.refused,
    `NOT_FOUND: There are no jobs yet. Start one: ${api.hint('deploy --help')}`,
  );
}

/** The jobs whose id begins so, or whose name this is, newest first. */
async function candidates(api: Api, given: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  let after: string | null = null;
  for (let lookedAt = 0; lookedAt < maxLookedAt; lookedAt += pageJobs) {
    const page: FindJobsQuery = await api.ask(FindJobsDocument, {
      first: pageJobs,
      after,
      search: given,
    });
    // Null only beside an error, which `ask` has thrown.
    if (!page.jobs) break;
    const { edges, pageInfo } = page.jobs;
    const meant = edges
      .map(({ node }) => node)
      .filter(({ id, name }) => id.startsWith(given) || name === given);
    found.push(...meant);
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) break;
  }
  return found;
}
