import { DeployJobDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import type { KindFlag } from '../definitions/kind-flags.ts';
import { exitCode } from '../exit.ts';
import { visible, visibleJson } from '../screen/visible.ts';
import { type DeployFlags, readDeployInput } from './deploy-input.ts';

export interface DeployOptions {
  follow: boolean | undefined;
  output: 'text' | 'json';
  flags: DeployFlags;
  /** The flags that only one kind of provider understands. */
  ofKinds: readonly KindFlag[];
}

/** Starts a job and prints its id. With `--follow` it prints the log, and the exit code says how the job ended. */
export async function deploy(
  context: CommandContext,
  file: string | undefined,
  { follow, output, flags, ofKinds }: DeployOptions,
): Promise<number> {
  const { api, screen } = context;
  const input = await readDeployInput(context, file, { flags, ofKinds });
  const { job } = (await api.ask(DeployJobDocument, { input })).deployJob;
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
