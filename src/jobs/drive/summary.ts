import type { Job, JobFailure } from '../../core/job.ts';
import { maxPageChars, type PlacedBlock } from '../../core/log.ts';
import type { LogStore } from '../../core/store.ts';
import { failureMessage, findFailure } from '../../lines/failure.ts';

/** How many of a failed job's last lines are searched for the reason. */
const searchedLines = 3000;

/** Why a job failed, out of its last lines; null for a job that did not fail. */
export async function summarize(job: Job, logs: LogStore): Promise<JobFailure | null> {
  if (job.status !== 'FAILED') return null;
  const block = await readEnd(job.id, logs);
  const known = job.failure;
  const exitCode = known?.exitCode ?? null;
  const signal = known?.signal ?? null;
  const found = findFailure(block.texts, { exitCode, signal });
  return {
    // What the provider says of a process that never ran is more than its empty log can tell.
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

/** A log's last lines: fewer where they are long. */
async function readEnd(jobId: string, logs: LogStore): Promise<PlacedBlock> {
  const { total } = await logs.head(jobId);
  for (let limit = searchedLines; ; limit = Math.ceil(limit / 4)) {
    const offset = Math.max(0, total - limit);
    const block = await logs.read(jobId, { offset, limit, maxChars: maxPageChars });
    if (offset + block.texts.length >= total || limit === 1) return block;
  }
}
