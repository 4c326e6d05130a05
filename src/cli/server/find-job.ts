import { JobDocument, type JobFragment } from '@trainyard/client';
import { CommandError, exitCode } from '../exit.ts';
import type { Api } from './api.ts';

/** Resolves to the job of this id. Rejects with a `CommandError` where there is none. */
export async function findJob(api: Api, id: string): Promise<JobFragment> {
  const { job } = await api.ask(JobDocument, { id });
  if (job) return job;
  throw new CommandError(
    exitCode.refused,
    `NOT_FOUND: There is no job ${JSON.stringify(id)}. \`trainyard jobs\` lists them.`,
  );
}
