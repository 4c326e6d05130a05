import { DeleteJobDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { findJob } from '../server/find-job.ts';

/** Deletes a job that is over, and its log. */
export async function deleteJob({ api, screen }: CommandContext, given: string): Promise<void> {
  const { id } = await findJob(api, given);
  const { deleteJob: gone } = await api.ask(DeleteJobDocument, { input: { jobId: id } });
  await screen.print(`${gone.deletedJobId} deleted`);
}
