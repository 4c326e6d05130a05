import type { Job, JobFailure } from '../core/job.ts';
import type { LogStore } from '../core/store.ts';
import { failureMessage, findFailure } from '../lines/failure.ts';

/** How many of a failed job's last lines are searched for the reason. */
const searchedLines = 3000;

/** Why a job failed, out of its last lines; null for a job that did not fail. */
export async function summarize(job: Job, logs: LogStore): Promise<JobFailure | null> {
  if (job.status !== 'FAILED') return null;
  const { total } = await logs.head(job.id);
  const offset = Math.max(0, total - searchedLines);
  const range = { offset, limit: searchedLines, maxChars: Number.POSITIVE_INFINITY };
  const block = await logs.read(job.id, range);
  const found = findFailure(block.texts);
  const known = job.failure;
  const exitCode = known?.exitCode ?? null;
  const signal = known?.signal ?? null;
  const excerpt = found?.excerpt ?? [];
  return {
    // What the provider says of a process that never ran is more than its empty log can tell.
    message:
      exitCode === null && signal === null && known
        ? known.message
        : failureMessage({ exitCode, signal, excerpt }),
    exitCode,
    signal,
    offset: found ? block.first + found.at : null,
    excerpt,
  };
}
