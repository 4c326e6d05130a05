import { TrainyardError } from '../../core/errors.ts';
import { isRemoved, type JobFolder } from '../disk/job-folder.ts';
import { isOver, type JobRecord } from '../disk/record.ts';
import type { RunExit } from '../disk/run-files.ts';

/** How a job ends when its process has ended. If a cancel was accepted, the job is cancelled. */
export function outcome(record: JobRecord, exit: RunExit): Partial<JobRecord> {
  const ended = { exitCode: exit.code, signal: exit.signal };
  if (record.cancel !== null) return { ...ended, status: 'cancelled' };
  const why = exit.error ?? whyFailed(exit);
  return { ...ended, status: why === null ? 'completed' : 'failed', errorMessage: why };
}

/** The changes that every job gets when it is over. */
export function over(finishedAt: number, logBytes: number): Partial<JobRecord> {
  return { finishedAt, logBytes, jobToken: null };
}

/** The changes that a job gets when it starts once more. */
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

/** Throws `CONFLICT` if the job cannot be started once more. */
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

/** Throws `CONFLICT` if the job is over. */
export function refuseIfOver(record: JobRecord): void {
  if (isOver(record)) throw conflict(record, `it is ${record.status} already`);
}

/** The error for a job whose present status forbids what is asked. */
export function conflict(record: JobRecord, why: string): TrainyardError {
  return new TrainyardError('CONFLICT', `job ${record.id}: ${why}`, {
    details: { jobId: record.id, previousStatus: record.status },
  });
}

function whyFailed({ code, signal }: RunExit): string | null {
  if (signal !== null) return `the process was ended by ${signal}`;
  return code === 0 ? null : `the process ended with exit code ${code}`;
}
