import type { JobFragment } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { exitCode } from '../exit.ts';
import { visible, visibleJson } from '../screen/visible.ts';

/** What a command does with a job that it has started. */
export interface StartedOptions {
  follow: boolean | undefined;
  output: 'text' | 'json';
}

/** Prints the job's id. With `follow` it prints the log, and the exit code says how the job ended. */
export async function showStarted(
  context: CommandContext,
  job: JobFragment,
  { follow, output }: StartedOptions,
): Promise<number> {
  const { api, screen } = context;
  const what = visible(`${job.name} on ${job.provider.name}: ${job.status}`, { colours: false });
  if (follow) {
    screen.note(`job ${job.id}, ${what}`);
    const { followJob } = await import('../follow/follow-job.ts');
    return followJob(context, job, {
      offset: 0,
      filter: { progress: 'LAST' },
      matching: null,
      output,
      time: null,
      start: job.createdAt,
    });
  }
  await screen.print(output === 'json' ? visibleJson(job) : job.id);
  screen.note(`${what}. Follow it with: ${api.hint(`logs ${job.id} -f`)}`);
  return exitCode.ok;
}
