import {
  type JobFilter,
  type JobFragment,
  type JobStatus,
  JobsDocument,
  type JobsQuery,
} from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { exitCode } from '../exit.ts';
import { formatSpan } from '../screen/duration.ts';
import { percentWords, progressWords, styleOf } from '../screen/progress.ts';
import { type Cell, renderTable } from '../screen/table.ts';
import { visibleJson } from '../screen/visible.ts';
import type { Api } from '../server/api.ts';

/** The most jobs in one page of the API. */
const pageJobs = 100;

export interface JobsOptions {
  provider?: string[];
  status?: JobStatus[];
  search?: string;
  limit: number;
  watch?: boolean;
  output: 'text' | 'json';
}

/** Prints jobs, newest first, or shows them as they change. Resolves to the exit code. */
export async function jobs(context: CommandContext, options: JobsOptions): Promise<number> {
  const { api, screen } = context;
  const { provider, status, search, limit, output } = options;
  const filter = { providers: provider, statuses: status, search };
  const { found, total } = await newest(api, filter, limit);
  if (options.watch) {
    const { watchJobs } = await import('../watch/watch-jobs.ts');
    return watchJobs(context, { filter, newest: found, limit, output });
  }
  if (output === 'json') {
    if (found.length > 0) await screen.print(found.map(visibleJson).join('\n'));
    return exitCode.ok;
  }
  if (found.length === 0) {
    const none = Object.values(filter).some((value) => value !== undefined);
    screen.note(
      none ? 'no job passes the filter' : `no jobs yet; start one: ${api.hint('deploy --help')}`,
    );
    return exitCode.ok;
  }
  await screen.print(
    renderTable(
      screen,
      ['ID', 'NAME', 'PROVIDER', 'STATUS', 'DONE', 'AGE', 'PROGRESS'],
      found.map(row),
    ),
  );
  if (total > found.length) screen.note(`${found.length} of ${total} jobs; --limit shows more`);
  return exitCode.ok;
}

async function newest(
  api: Api,
  filter: JobFilter,
  limit: number,
): Promise<{ found: JobFragment[]; total: number }> {
  const found: JobFragment[] = [];
  let after: string | null = null;
  for (;;) {
    const first = Math.min(pageJobs, limit - found.length);
    const page: JobsQuery = await api.ask(JobsDocument, { first, after, filter });
    // Null only beside an error, which `ask` has thrown.
    if (!page.jobs) return { found, total: found.length };
    const { edges, pageInfo, totalCount } = page.jobs;
    found.push(...edges.map(({ node }) => node));
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage || found.length >= limit) return { found, total: totalCount };
  }
}

function row(job: JobFragment): Cell[] {
  return [
    { text: job.id },
    { text: job.name },
    { text: job.provider.name },
    { text: job.status + (job.stale ? ' (stale)' : ''), style: styleOf(job.status) },
    { text: percentWords(job.progress) },
    { text: formatSpan(job.createdAt, null), style: 'dim' },
    { text: progressWords(job).join(', '), style: 'dim' },
  ];
}
