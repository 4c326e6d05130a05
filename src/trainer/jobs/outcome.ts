import { TrainyardError } from '../../core/errors.ts';
import { isRemoved, type JobFolder } from '../disk/job-folder.ts';
import { isOver, type JobRecord } from '../disk/record.ts';
import type { RunExit } from '../disk/run-files.ts';

/** What the end of its process makes of a job: a cancel that was accepted is final. */
export function outcome(record: JobRecord, exit: RunExit): Partial<JobRecord> {
  const ended = { exitCode: exit.code, signal: exit.signal };
  if (record.cancel !== null) return { ...ended, status: 'cancelled' };
  const why = exit.error ?? whyFailed(exit);
  return { ...ended, status: why === null ? 'completed' : 'failed', errorMessage: why };
}

/** What is so of every job that is over. */
export function over(finishedAt: number, logBytes: number): Partial<JobRecord> {
  return { finishedAt, logBytes, jobToken: null };
}

/** What is so of a job that starts once more. */
export const reopened: Partial<JobRecord> = {
  status: 'queued',
  cancel: null,
  exitCode: null,
  signal: null,
  errorMessage: null,
  logBytes: null,
  step: null,
  totalSteps: null,
  startedAt: null,
  finishedAt: null,
};

/** A `CONFLICT` where the job is not one that can be started once more. */
export function refuseToReopen(
  record: JobRecord,
  { folder, lack }: { folder: JobFolder; lack: string | null },
): void {
  if (record.status !== 'failed' && record.status !== 'cancelled') {
    throw conflict(
      record,
      `only a queued, failed or cancelled job can be started, it is ${record.status}`,
    );
  }
  if (isRemoved(folder)) throw conflict(record, 'its folder was removed');
  if (lack !== null) throw conflict(record, lack);
}

/** A `CONFLICT` where the job is over. */
export function refuseIfOver(record: JobRecord): void {
  if (isOver(record)) throw conflict(record, `it is ${record.status} already`);
}

/** A job that cannot do what is asked of it, in its present status. */
export function conflict(record: JobRecord, why: string): TrainyardError {
  return new TrainyardError('CONFLICT', `job ${record.id}: ${why}`, {
    details: { jobId: record.id, previousStatus: record.status },
  });
}

function whyFailed({ code, signal }: RunExit): string | null {
  if (signal !== null) return `the process was ended by ${signal}`;
  return code === 0 ? null : `the process ended with exit code ${code}`;
}
