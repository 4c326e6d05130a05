import { TrainyardError } from '../core/errors.ts';

/** Stored lines that are damaged: from `from` up to, not including, `to`. */
export interface DamagedLines {
  jobId: string;
  from: number;
  to: number;
}

/** The error for a reader of damaged lines. It says which lines they are, and where undamaged ones begin again. */
export function damagedLines({ jobId, from, to }: DamagedLines, cause?: unknown): TrainyardError {
  const lines = to - from > 1 ? `Lines ${from} to ${to - 1} of` : `Line ${from} of`;
  return new TrainyardError(
    'DATA_DAMAGED',
    `${lines} job ${jobId} are damaged in the store and cannot be read. Go on at offset ${to}; \`trainyard check\` finds what else is damaged, and a backup of the data folder may still have them.`,
    { cause, details: { jobId, offset: from, nextOffset: to } },
  );
}

/** The error for a damaged log head, where all of it is needed: nothing may be added to such a log. */
export function damagedHead(jobId: string): TrainyardError {
  return new TrainyardError(
    'DATA_DAMAGED',
    `What the store knows of the log of job ${jobId} is damaged: whether it is complete, and where its source goes on. Its lines can still be read, but none can be added. \`trainyard check\` finds what else is damaged; restore the data folder from a backup.`,
    { details: { jobId } },
  );
}

/** The error for a reader behind the last line that is proved of a log whose head is damaged. */
export function damagedEnd(jobId: string, total: number): TrainyardError {
  return new TrainyardError(
    'DATA_DAMAGED',
    `What the store knows of the log of job ${jobId} is damaged: no line from ${total} on can be found, but this may not be the end of the log. \`trainyard check\` finds what else is damaged, and a backup of the data folder may still have the rest.`,
    { details: { jobId, offset: total } },
  );
}

/** The error for damaged metrics of a job, whose lines may be undamaged. */
export function damagedCurves(jobId: string, cause: unknown): TrainyardError {
  return new TrainyardError(
    'DATA_DAMAGED',
    `The metrics of job ${jobId} are damaged in the store and cannot be read; its log may be sound. \`trainyard check\` finds what else is damaged, and a backup of the data folder may still have them.`,
    { cause, details: { jobId } },
  );
}
