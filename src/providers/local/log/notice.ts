import { isOver, type Job } from '../../../core/job.ts';
import type { LogNotice } from '../../../core/log.ts';
import type { Provider } from '../../../core/provider.ts';
import { recent } from '../../../lib/recent.ts';

/** The notices that a training server last gave for the logs of its jobs; those of the last thousand jobs are kept. */
export class SaidNotices {
  readonly #notices = recent<LogNotice>();

  /** Replaces the notice of a job's log; null removes it. */
  hear(jobId: string, notice: Omit<LogNotice, 'url'> | null): void {
    if (notice === null) this.#notices.delete(jobId);
    else this.#notices.set(jobId, { ...notice, url: null });
  }

  of(jobId: string): LogNotice | null {
    return this.#notices.get(jobId) ?? null;
  }
}

/** The notice for the log of a job that the server does not know. */
export function unknownJobNotice(
  { name, location }: Pick<Provider, 'name' | 'location'>,
  job: Job,
  { awaitsLog }: { awaitsLog: boolean },
): LogNotice {
  const { id, status, options } = job;
  const code = 'JOB_UNKNOWN_TO_PROVIDER';
  const wasElsewhere = options.place !== undefined && options.place !== location;
  if (wasElsewhere && (awaitsLog || !isOver(status))) {
    return {
      code,
      message: `The job ${id} was deployed to ${options.place}; the provider ${name} is now ${location}, which does not know it`,
      url: null,
      help: [
        'Set the provider back (TRAINING_SERVER_URL, or its url in trainyard.config.json) and restart Trainyard: capture then continues without loss',
        ...(awaitsLog
          ? []
          : [
              'Or let go of the job: cancelJob with force makes it LOST here, and ends nothing there',
            ]),
      ],
    };
  }
  return {
    code,
    message: `The training server of provider ${name} does not know job ${id}: lines that were not captured before are lost`,
    url: null,
    help: [
      'Some training servers forget their jobs when they restart: look for the log file on the machine itself',
      'If TRAINING_SERVER_URL has changed recently, check that it still names the server that runs this job',
    ],
  };
}

/** The notice for the log of a server that does not accept the key; `reason` is what the server said. */
export function refusedNotice(provider: string, reason: string | null): LogNotice {
  return {
    code: 'PROVIDER_REFUSES',
    message: `The training server of provider ${provider} refuses${reason === null ? '' : `. ${reason}`}`,
    url: null,
    help: ['Set the key that it expects and restart Trainyard: capture then continues by itself'],
  };
}

/** The notice for the log of a server that cannot be reached; `reason` is what the health check said. */
export function unreachableNotice(provider: string, reason: string | null): LogNotice {
  return {
    code: 'PROVIDER_UNREACHABLE',
    message: `The training server of provider ${provider} cannot be reached, so lines may be missing${reason === null ? '' : `. ${reason}`}`,
    url: null,
    help: [
      'Check that the training server is running and that TRAINING_SERVER_URL names it',
      'Capture continues by itself, without loss, as soon as the server answers again',
    ],
  };
}
