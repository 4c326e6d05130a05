import { TrainyardError } from '../../core/errors.ts';
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
