import { DeleteJobDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';

/** Deletes a job that is over, and its log. */
export async function deleteJob({ api, screen }: CommandContext, id: string): Promise<void> {
  const { deleteJob: gone } = await api.ask(DeleteJobDocument, { input: { jobId: id } });
  await screen.print(`${gone.deletedJobId} deleted`);
}
