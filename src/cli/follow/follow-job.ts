import { JobDocument, type JobFragment } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode, exitCodeOf } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { styleOf } from '../screen/progress.ts';
import { Connection } from '../server/connection.ts';
import { openSocket } from '../server/socket.ts';
import type { Choice } from '../stored/choice.ts';
import { endOf } from './job-end.ts';
import { JobView, watchJob } from './job-view.ts';
import { type LineFormat, LinePrinter } from './line-printer.ts';
import { LiveBars } from './live-bars.ts';
import { Notices } from './notices.ts';
import { printStream } from './print-stream.ts';

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
  context: CommandContext,
  job: JobFragment,
  { offset, filter, matching, flags = '', ...format }: FollowJobOptions,
): Promise<number> {
  const { api, screen } = context;
  using interruption = catchInterruption();
  await using client = openSocket(api.settings);
  const over = new AbortController();
  const signal = AbortSignal.any([interruption.signal, over.signal]);
  const notices = new Notices(screen);
  const live = new LiveBars();
  const redraw = () => screen.status(({ columns }) => [...live.rows(columns), view.line(columns)]);
  const view = new JobView(screen, job, { notices, redraw });
  redraw();
  const connection = new Connection(view, () => over.abort());
  client.on('connected', () => connection.found());
  const watching = watchJob(client, view, signal);
  const drawsBars =
    screen.live && format.output === 'text' && !matching && filter?.progress === 'LAST';
  let next = offset;
  try {
    await printStream(context, {
      ...{ client, jobId: job.id, offset, filter, matching, signal },
      printer: new LinePrinter(screen, format, notices),
      bars: drawsBars ? { live, changed: redraw } : null,
      onRetry: ({ error, waitMs }) => connection.lost(error, waitMs),
      printed: ({ nextOffset }) => {
        next = nextOffset;
      },
    });
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
