import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { visible } from '../screen/visible.ts';
import { findJob } from '../server/find-job.ts';

/** Prints the link to a job's page in its provider's console. */
export async function open({ api, screen }: CommandContext, given: string): Promise<void> {
  const { id, consoleUrl, provider } = await findJob(api, given);
  if (consoleUrl !== null) return screen.print(visible(consoleUrl, { colours: false }));
  throw new CommandError(
    exitCode.refused,
    `The job ${id} has no page in a console: its provider ${provider.name} (${provider.kind}) has none, or has not accepted the job yet. Its log: ${api.hint(`logs ${id}`)}`,
  );
}
