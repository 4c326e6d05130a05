import {
  type FollowOptions,
  followLog,
  GraphError,
  JobDocument,
  type JobFragment,
} from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode, exitCodeOf } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { styleOf } from '../screen/progress.ts';
import { Connection } from '../server/connection.ts';
import { openSocket } from '../server/socket.ts';
import { type Choice, hasContext, wanted } from '../stored/choice.ts';
import type { ContextLines, Matching } from '../stored/context-lines.ts';
import { endOf } from './job-end.ts';
import { JobView, watchJob } from './job-view.ts';
import { type LineFormat, LinePrinter } from './line-printer.ts';
import { Notices } from './notices.ts';

const retry = { firstMs: 250, maxMs: 10_000 };

export interface FollowJobOptions extends LineFormat, Choice {
  offset: number;
  /** The options that choose and show lines as these do, for the command that resumes. */
  flags?: string;
}

/**
 * Prints a job's log as it grows, across lost connections, until the job is over. Resolves to the exit code that says
 * how the job ended. Ctrl-C stops following, not the job, and says how to resume.
 */
export async function followJob(
  { api, screen }: CommandContext,
  job: JobFragment,
  { offset, filter, matching, flags = '', ...format }: FollowJobOptions,
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
    const context = matching && hasContext(matching) ? await contextOf(matching) : null;
    // Lines around a match are known only where all come.
    const streamed = context ? filter : wanted({ filter, matching });
    const options = { client, jobId: job.id, offset, filter: streamed, signal, retry, onRetry };
    for await (const page of followLog({ ...options, entries: true })) {
      if (page.offset > page.total) {
        screen.note(`the log has ${page.total} lines so far; waiting for line ${page.offset}`);
      }
      await printer.print(context ? { ...page, entries: context.take(page.entries) } : page);
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
  const resume = api.hint(`logs ${job.id} -f --offset ${next}${flags}`);
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

async function contextOf(matching: Matching): Promise<ContextLines> {
  const { ContextLines } = await import('../stored/context-lines.ts');
  return new ContextLines(matching);
}
