import type { JobStatus } from '../core/job.ts';

/** What a command's end tells the shell; the table of `trainyard --help`. */
export const exitCode = {
  ok: 0,
  /** The job that was followed ended FAILED. Its own code is in the last message: here it would be taken for one of these. */
  jobFailed: 1,
  /** `check` has found damage. */
  damaged: 1,
  usage: 2,
  jobCancelled: 3,
  jobLost: 4,
  /** The server answered with an error, or the answer makes no sense. */
  refused: 5,
  /** As EX_UNAVAILABLE and EX_SOFTWARE of sysexits.h. */
  unreachable: 69,
  defect: 70,
  /** 128 and the signal's number, as a shell says it. */
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** The exit code that tells how a job ended. */
export function exitCodeOf(status: JobStatus): number {
  if (status === 'FAILED') return exitCode.jobFailed;
  if (status === 'CANCELLED') return exitCode.jobCancelled;
  if (status === 'LOST') return exitCode.jobLost;
  return exitCode.ok;
}

/** The command cannot go on: the message is one line that says what failed and what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
