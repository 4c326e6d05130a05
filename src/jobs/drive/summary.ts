import type { Job, JobFailure } from '../../core/job.ts';
import { maxPageChars, type PlacedBlock } from '../../core/log.ts';
import type { LogStore } from '../../core/store.ts';
import { failureMessage, findFailure } from '../../lines/failure.ts';

/** How many of a failed job's last lines are searched for the reason. */
const searchedLines = 3000;

/** Finds in a job's last lines why it failed; null for a job that did not fail. */
export async function summarize(job: Job, logs: LogStore): Promise<JobFailure | null> {
  if (job.status !== 'FAILED') return null;
  const block = await readEnd(job.id, logs);
  const known = job.failure;
  const exitCode = known?.exitCode ?? null;
  const signal = known?.signal ?? null;
  const found = findFailure(block.lines, { exitCode, signal });
  return {
    // Without an exit code or a signal no process ran, so the provider knows more than the empty log.
    message:
      exitCode === null && signal === null && known
        ? known.message
        : failureMessage({ exitCode, signal, what: found?.what ?? null }),
    exitCode,
    signal,
    offset: found ? block.first + found.at : null,
    excerpt: found?.excerpt ?? [],
  };
}

/** The log's last lines, at most 3000, and fewer where these do not fit into one page. */
async function readEnd(jobId: string, logs: LogStore): Promise<PlacedBlock> {
  const { total } = await logs.head(jobId);
  for (let limit = searchedLines; ; limit = Math.ceil(limit / 4)) {
    const offset = Math.max(0, total - limit);
    const block = await logs.read(jobId, { offset, limit, maxChars: maxPageChars });
    if (offset + block.lines.length >= total || limit === 1) return block;
  }
}
