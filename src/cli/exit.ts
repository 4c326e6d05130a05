import type { JobStatus } from '../core/job.ts';

/** The exit codes of commands, as `trainyard --help` lists them. */
export const exitCode = {
  ok: 0,
  /** The followed job ended FAILED. The job's own exit code is in the last message, because it could equal one of these. */
  jobFailed: 1,
  /** `check` found damage. */
  damaged: 1,
  usage: 2,
  jobCancelled: 3,
  jobLost: 4,
  /** The server answered with an error, or is not a Trainyard server. */
  refused: 5,
  /** EX_UNAVAILABLE of sysexits.h. */
  unreachable: 69,
  /** EX_SOFTWARE of sysexits.h. */
  defect: 70,
  /** These three are 128 plus the signal's number, as in shells: SIGINT, SIGPIPE and SIGTERM. */
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** The exit code for a job that ended with this status. */
export function exitCodeOf(status: JobStatus): number {
  if (status === 'FAILED') return exitCode.jobFailed;
  if (status === 'CANCELLED') return exitCode.jobCancelled;
  if (status === 'LOST') return exitCode.jobLost;
  return exitCode.ok;
}

/** Ends the command. The message is one line that says what failed and what to do; `lines` are a list to choose from. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;
  readonly lines: readonly string[];

  constructor(
    exitCode: number,
    message: string,
    { lines = [], ...options }: ErrorOptions & { lines?: readonly string[] } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.lines = lines;
  }
}
