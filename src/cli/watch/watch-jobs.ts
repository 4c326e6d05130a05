import { GraphError, type JobFilter, type JobFragment } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { exitCode } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { Connection } from '../server/connection.ts';
import { openSocket } from '../server/socket.ts';
import { type JobChange, jobChanges } from './job-changes.ts';
import { JobLines } from './job-lines.ts';
import { JobTable } from './job-table.ts';

/** Shows jobs as they change. */
export interface WatchView {
  /** Resolves when there is room for the next change. */
  take(change: JobChange): Promise<void>;
  /** The job is no longer one of those that are watched. */
  leave(job: JobFragment): void | Promise<void>;
  /** Shows a remark about the connection; null takes it away. */
  remark(text: string | null): void;
  close(): Promise<void>;
}

export interface WatchOptions {
  filter: JobFilter;
  /** The newest jobs that there are at the start, at most `limit`. */
  newest: readonly JobFragment[];
  limit: number;
  output: 'text' | 'json';
}

/** Shows jobs as they change until Ctrl-C: a table on a terminal, else a line for each change. Resolves to the exit code. */
export async function watchJobs(
  { api, screen }: CommandContext,
  { filter, newest, limit, output }: WatchOptions,
): Promise<number> {
  using interruption = catchInterruption();
  await using client = openSocket(api.settings);
  const lost = new AbortController();
  const isTable = screen.live && output === 'text';
  const view = isTable ? new JobTable(screen, { limit }) : new JobLines(screen, { output, newest });
  const connection = new Connection(view, () => lost.abort());
  client.on('connected', () => connection.found());
  const signal = AbortSignal.any([interruption.signal, lost.signal]);
  const onRetry = (event: { error: GraphError; waitMs: number }) =>
    connection.lost(event.error, event.waitMs);
  try {
    for (const job of newest.toReversed()) await view.take({ cursor: '', job });
    // Statuses are looked at here: a job that leaves them before the server is asked to watch it is not missed.
    const { statuses: _, ...watched } = filter;
    for await (const change of jobChanges({ client, filter: watched, signal, onRetry })) {
      if ('job' in change && !isWatched(filter, change.job)) await view.leave(change.job);
      else await view.take(change);
    }
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw api.refusal({ message: error.message, extensions: { code: error.code } });
  } finally {
    await view.close();
  }
  if (connection.givenUp) throw api.unreachable(connection.givenUp);
  return interruption.exitCode ?? exitCode.ok;
}

/** Of the conditions, the status is the one that changes by itself. */
function isWatched({ statuses }: JobFilter, { status }: JobFragment): boolean {
  return !statuses || statuses.includes(status);
}
