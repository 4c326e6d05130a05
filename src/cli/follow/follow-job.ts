import {
  type FollowOptions,
  followLog,
  GraphError,
  JobDocument,
  type JobFragment,
  type LogFilter,
} from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode, exitCodeOf } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { styleOf } from '../screen/progress.ts';
import { Connection } from '../server/connection.ts';
import { openSocket } from '../server/socket.ts';
import { endOf } from './job-end.ts';
import { JobView, watchJob } from './job-view.ts';
import { type LineFormat, LinePrinter } from './line-printer.ts';
import { Notices } from './notices.ts';

const retry = { firstMs: 250, maxMs: 10_000 };

export interface FollowJobOptions extends LineFormat {
  offset: number;
  filter: LogFilter | null;
}

/**
 * Prints a job's log as it grows, across lost connections, until the job is over. Resolves to the exit code that says
 * how the job ended. Ctrl-C stops following, not the job, and says how to resume.
 */
export async function followJob(
  { api, screen }: CommandContext,
  job: JobFragment,
  { offset, filter, ...format }: FollowJobOptions,
): Promise<number> {
  using interruption = catchInterruption();
  await using client = openSocket(api.settings);
  const over = new AbortController();
  const signal = AbortSignal.any([interruption.signal, over.signal]);
  const notices = new Notices(screen);
  const view = new JobView(screen, job, notices);
  const connection = new Connection(view, () => over.abort());
  client.on('connected', () => connection.found());
  const watching = watchJob(client, view, signal);
  let next = offset;
  try {
    const printer = new LinePrinter(screen, format, notices);
    const onRetry: FollowOptions['onRetry'] = ({ error, waitMs }) => connection.lost(error, waitMs);
    const options = { client, jobId: job.id, offset, filter, signal, retry, onRetry };
    for await (const page of followLog({ ...options, entries: true })) {
      await printer.print(page);
      next = page.nextOffset;
    }
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw api.refusal({ message: error.message, extensions: { code: error.code } });
  } finally {
    over.abort();
    await watching;
    screen.status(null);
  }
  const resume = api.hint(`logs ${job.id} -f --offset ${next}`);
  if (interruption.exitCode !== null) {
    screen.note(`no longer following; the job keeps running. Resume with: ${resume}`);
    return interruption.exitCode;
  }
  if (connection.givenUp) {
    screen.note(`resume with: ${resume}`);
    throw api.unreachable(connection.givenUp);
  }
  const { job: ended } = await api.ask(JobDocument, { id: job.id });
  if (!ended) {
    throw new CommandError(exitCode.refused, `NOT_FOUND: the job ${job.id} has been deleted.`);
  }
  screen.note(endOf(ended, api.hint), styleOf(ended.status));
  return exitCodeOf(ended.status);
}
