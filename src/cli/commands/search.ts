import { type JobStatus, SearchLogsDocument, type SearchLogsQuery } from '@trainyard/client';
import type { LogLevel } from '../../core/log.ts';
import type { CommandContext } from '../context.ts';
import { exitCode } from '../exit.ts';
import { formatSpan } from '../screen/duration.ts';
import { styleOf } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { visible, visibleJson } from '../screen/visible.ts';

/** The most jobs in one page of the API. */
const pageJobs = 100;

export interface SearchOptions {
  fixedStrings?: boolean;
  level?: LogLevel;
  since?: Date;
  provider?: string[];
  status?: JobStatus[];
  tag?: string[];
  lines: number;
  limit: number;
  output: 'text' | 'json';
}

/** Prints the jobs whose logs have lines that match, newest first, each as soon as it is found. Resolves to the exit code. */
export async function search(
  { api, screen }: CommandContext,
  pattern: string,
  options: SearchOptions,
): Promise<number> {
  const { fixedStrings, level, since, provider, status, tag, output } = options;
  const text = fixedStrings ? { contains: pattern } : { regex: pattern };
  const jobs = {
    providers: provider,
    statuses: status,
    tags: tag,
    createdSince: since?.toISOString(),
  };
  let found = 0;
  for (let after: string | null = null, hasMore = true; hasMore; ) {
    const { searchLogs }: SearchLogsQuery = await api.ask(SearchLogsDocument, {
      filter: { ...text, minLevel: level },
      jobs,
      first: Math.min(pageJobs, options.limit - found),
      linesPerJob: options.lines,
      after,
    });
    // Null only beside an error, which `ask` has thrown.
    if (!searchLogs) break;
    for (const one of searchLogs.jobs) {
      await screen.print(output === 'json' ? visibleJson(one) : block(screen, one));
    }
    found += searchLogs.jobs.length;
    after = searchLogs.endCursor;
    hasMore = searchLogs.hasMore;
    if (hasMore && found >= options.limit) {
      screen.note(`the first ${found} jobs; --limit shows more`);
      break;
    }
  }
  if (found === 0) screen.note('no line of any of these jobs matches');
  return exitCode.ok;
}

type Found = NonNullable<SearchLogsQuery['searchLogs']>['jobs'][number];

/** A job, and its first matching lines with their numbers. */
function block(screen: Screen, { job, matches, whole, lines }: Found): string {
  const count = `${matches}${whole ? '' : ' or more'} line${matches === 1 && whole ? '' : 's'}`;
  const age = formatSpan(job.createdAt, null);
  const head = [
    screen.paint('bold', job.id),
    visible(job.name, { colours: false }),
    screen.paint(styleOf(job.status), job.status),
    screen.paint('dim', `${age} ago, ${count}`),
  ].join('  ');
  const width = String(lines.at(-1)?.offset ?? 0).length;
  const shown = lines.map(({ offset, text }) => {
    const number = screen.paint('dim', String(offset).padStart(width));
    return `  ${number}  ${visible(text, { colours: screen.colours })}`;
  });
  return [head, ...shown].join('\n');
}
