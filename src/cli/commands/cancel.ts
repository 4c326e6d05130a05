import { CancelJobDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { findJob } from '../server/find-job.ts';

/** Asks a job to end, and prints the status that it has then. */
export async function cancel(
  { api, screen }: CommandContext,
  given: string,
  { force = false }: { force?: boolean },
): Promise<void> {
  const { id } = await findJob(api, given);
  const { cancelJob } = await api.ask(CancelJobDocument, { input: { jobId: id, force } });
  await screen.print(`${cancelJob.job.id} ${cancelJob.job.status}`);
  if (cancelJob.job.status === 'STOPPING') {
    screen.note(
      `it may take a while to save its work; follow it with: ${api.hint(`logs ${id} -f`)}`,
    );
  }
}
