import type { LogNotice } from '../../core/log.ts';

/** Why the log of a job that the server does not know (any more) stays as it is, and what may help. */
export function unknownJobNotice(provider: string, jobId: string): LogNotice {
  return {
    code: 'JOB_UNKNOWN_TO_PROVIDER',
    message: `The training server of provider ${provider} does not know job ${jobId}: lines that were not captured before cannot be had`,
    url: null,
    help: [
      'Some training servers forget their jobs when they are restarted: look for the log file on the machine itself',
      'If TRAINING_SERVER_URL was changed lately, check that it still names the server that runs this job',
    ],
  };
}

/** Why no further lines come from a server that cannot be reached; `reason` is what its health check said. */
export function unreachableNotice(provider: string, reason: string | null): LogNotice {
  return {
    code: 'PROVIDER_UNREACHABLE',
    message: `The training server of provider ${provider} cannot be reached, so lines may be missing${reason === null ? '' : `. ${reason}`}`,
    url: null,
    help: [
      'Check that the training server is running and that TRAINING_SERVER_URL names it',
      'Capture goes on by itself, without loss, as soon as the server answers again',
    ],
  };
}
