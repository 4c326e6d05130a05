import { TrainyardError } from '../core/errors.ts';

/** Lines that are stored and cannot be read as they were stored, from one up to, not including, another. */
export interface DamagedLines {
  jobId: string;
  from: number;
  to: number;
}

/** What whoever asks for damaged lines is told: which they are, and where sound ones begin again. */
export function damagedLines({ jobId, from, to }: DamagedLines, cause?: unknown): TrainyardError {
  const lines = to - from > 1 ? `Lines ${from} to ${to - 1} of` : `Line ${from} of`;
  return new TrainyardError(
    'DATA_DAMAGED',
    `${lines} job ${jobId} are damaged in the store and cannot be read. Go on at offset ${to}; \`trainyard check\` finds what else is damaged, and a backup of the data folder may still have them.`,
    { cause, details: { jobId, offset: from, nextOffset: to } },
  );
}

/** What is known of a job's log as a whole cannot be trusted: how long it is, and where it goes on. */
export function damagedHead(jobId: string): TrainyardError {
  return new TrainyardError(
    'DATA_DAMAGED',
    `What the store knows of the log of job ${jobId} is damaged: its lines cannot be counted. \`trainyard check\` finds what else is damaged; restore the data folder from a backup.`,
    { details: { jobId } },
  );
}

/** A job's metrics cannot be read as they were stored; its lines are another matter. */
export function damagedCurves(jobId: string, cause: unknown): TrainyardError {
  return new TrainyardError(
    'DATA_DAMAGED',
    `The metrics of job ${jobId} are damaged in the store and cannot be read; its log may be sound. \`trainyard check\` finds what else is damaged, and a backup of the data folder may still have them.`,
    { cause, details: { jobId } },
  );
}
