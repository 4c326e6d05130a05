import type { GraphError, JobFragment } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { exitCode } from '../exit.ts';
import { catchInterruption } from '../interruption.ts';
import { Connection } from '../server/connection.ts';
import { openSocket } from '../server/socket.ts';
import type { Choice } from '../stored/choice.ts';
import { labelsOf } from './labels.ts';
import type { LineFormat } from './line-printer.ts';
import { OneOfSeveral } from './one-of-several.ts';

export interface FollowJobsOptions extends Choice {
  format: Pick<LineFormat, 'output' | 'time'>;
  /** The first line of each job, in their order. */
  offsets: readonly number[];
  /** The options that choose and show lines as these do, for the command that resumes. */
  flags: string;
}

/** The worst first: the exit code tells of that one. */
const codes = [exitCode.jobFailed, exitCode.jobLost, exitCode.refused, exitCode.jobCancelled];

/**
 * Prints the logs of several jobs as they grow, each line behind the name of its job, until all are over. Resolves to
 * the exit code for the job that ended worst.
 */
export async function followJobs(
  context: CommandContext,
  jobs: readonly JobFragment[],
  { offsets, flags, ...options }: FollowJobsOptions,
): Promise<number> {
  const { api, screen } = context;
  using interruption = catchInterruption();
  await using client = openSocket(api.settings);
  const lost = new AbortController();
  const signal = AbortSignal.any([interruption.signal, lost.signal]);
  const labels = labelsOf(screen, jobs);
  const redraw = () =>
    screen.status(({ columns }) =>
      all.map((one) => one.row(columns)).filter((row) => row !== null),
    );
  const all = labels.flatMap((label, at) => {
    const job = jobs[at];
    const offset = offsets[at] ?? 0;
    return job ? [new OneOfSeveral({ ...options, context, job, label, offset, redraw })] : [];
  });
  redraw();
  const first = () => all.find(({ isFollowed }) => isFollowed);
  // They share the connection, so one of them tells of it.
  const connection = new Connection({ remark: (text) => first()?.view.remark(text) }, () =>
    lost.abort(),
  );
  client.on('connected', () => connection.found());
  const ended = await Promise.all(
    all.map((one) => {
      const onRetry = ({ error, waitMs }: { error: GraphError; waitMs: number }) => {
        if (one === first()) connection.lost(error, waitMs);
      };
      return one.follow(client, onRetry, signal);
    }),
  ).finally(() => screen.status(null));
  const newest = all.map((one) => one.newest).filter((time) => time !== null);
  const since = newest.length === 0 ? '' : ` --since ${newest.toSorted().at(-1)}`;
  const resume = api.hint(`logs ${jobs.map(({ id }) => id).join(' ')} -f${flags}${since}`);
  if (interruption.exitCode !== null) {
    screen.note(`no longer following; the jobs keep running. Resume with: ${resume}`);
    return interruption.exitCode;
  }
  if (connection.givenUp) {
    screen.note(`resume with: ${resume}`);
    throw api.unreachable(connection.givenUp);
  }
  return codes.find((code) => ended.includes(code)) ?? exitCode.ok;
}
