import {
  LogEntriesPageDocument,
  type LogFilter,
  type LogLevel,
  LogTextPageDocument,
} from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { LinePrinter } from '../follow/line-printer.ts';
import type { Api } from '../server/api.ts';
import { findJob } from '../server/find-job.ts';

/** The most lines in one page of the API. */
const pageLines = 5000;

export interface LogsOptions {
  follow?: boolean;
  lines?: number;
  offset?: number;
  grep?: string;
  level?: LogLevel;
  timestamps?: boolean;
  output: 'text' | 'json';
}

/** Prints a job's log or follows it. Resolves to the exit code. */
export async function logs(
  context: CommandContext,
  given: string,
  options: LogsOptions,
): Promise<number> {
  const { follow, lines, offset } = options;
  if (follow && lines !== undefined && offset !== undefined) {
    throw new CommandError(exitCode.usage, 'Give either --lines or --offset with --follow.');
  }
  const filter: LogFilter | null =
    options.grep || options.level
      ? { regex: options.grep ?? null, minLevel: options.level ?? null }
      : null;
  const job = await findJob(context.api, given);
  const { id } = job;
  const format = { output: options.output, timestamps: options.timestamps ?? false };
  if (!follow) {
    await printStored(context, id, { filter, ...format, lines, offset });
    return exitCode.ok;
  }
  const from = lines === 0 ? await endOffset(context.api, id) : (offset ?? (lines ? -lines : 0));
  const { followJob } = await import('../follow/follow-job.ts');
  return followJob(context, job, { offset: from, filter, ...format });
}

/**
 * Prints the lines that are stored when it begins. Later ones are not printed, or a job that prints faster than its
 * reader reads would never end. `lines` alone means the last lines; with an offset, it is the most to print from there.
 */
async function printStored(
  { api, screen }: CommandContext,
  jobId: string,
  options: {
    filter: LogFilter | null;
    output: 'text' | 'json';
    timestamps: boolean;
    lines: number | undefined;
    offset: number | undefined;
  },
): Promise<void> {
  const { filter, lines } = options;
  if (lines === 0) return;
  const printer = new LinePrinter(screen, options);
  let left =
    options.offset === undefined ? Number.POSITIVE_INFINITY : (lines ?? Number.POSITIVE_INFINITY);
  let offset = options.offset ?? -(lines ?? 0);
  let end: number | null = null;
  for (;;) {
    const limit = Math.min(pageLines, left);
    const { logs: page } = await api.ask(LogEntriesPageDocument, { jobId, offset, limit, filter });
    // Null only beside an error, which `ask` has thrown.
    if (!page) return;
    await printer.print(page);
    end ??= page.total;
    left -= page.entries.length;
    offset = page.nextOffset;
    if (left <= 0 || offset >= end || !page.hasMore) return;
  }
}

/** The offset of the next line that the job will print. */
async function endOffset(api: Api, jobId: string): Promise<number> {
  const { logs: page } = await api.ask(LogTextPageDocument, { jobId, offset: -1, limit: 1 });
  return page?.nextOffset ?? 0;
}
