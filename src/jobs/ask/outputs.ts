import { TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import {
  isOutputPath,
  type JobOutput,
  type OutputAnswer,
  type OutputRequest,
} from '../../core/output.ts';
import type { JobRef, Provider } from '../../core/provider.ts';
import type { JobStore } from '../../core/store.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Providers } from '../providers.ts';
import { withinTime } from './within-time.ts';

/** The most files of one page. */
export const maxOutputs = 10_000;

/** Lists and fetches what jobs have made, which stays with their providers. */
export class Outputs {
  readonly #jobs: Pick<JobStore, 'get'>;
  readonly #providers: Providers;

  constructor(options: { jobs: Pick<JobStore, 'get'>; providers: Providers }) {
    this.#jobs = options.jobs;
    this.#providers = options.providers;
  }

  /**
   * Up to `limit` files of a job, from behind the path `after` on; none for a job that no provider has accepted.
   * Throws `NOT_SUPPORTED` where its provider keeps no files, `BAD_USER_INPUT` for a limit out of bounds, and the
   * provider's errors.
   */
  async list(job: Job, page: { limit: number; after: string | null }): Promise<JobOutput[]> {
    if (page.limit < 1 || page.limit > maxOutputs) {
      const message = `limit is ${page.limit}; it must be between 1 and ${maxOutputs}.`;
      throw new TrainyardError('BAD_USER_INPUT', message);
    }
    const provider = this.#providers.get(job.provider);
    if (!provider.outputs) throw notSupported(job, provider);
    const ref = refOf(job);
    if (ref === null) return [];
    const task = `list what the job ${job.id} has made`;
    return await withinTime(
      task,
      async (signal) => (await provider.outputs?.(ref, page, signal)) ?? [],
    );
  }

  /**
   * One file of a job, or a part of it. Throws `NOT_FOUND` where there is no such job or file, `NOT_SUPPORTED` where
   * its provider keeps no files, and the provider's errors.
   */
  async open(
    jobId: string,
    path: string,
    request: OutputRequest,
    signal: AbortSignal,
  ): Promise<OutputAnswer> {
    const job = await this.#jobs.get(jobId);
    if (!job) throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
    const provider = this.#providers.get(job.provider);
    if (!provider.output) throw notSupported(job, provider);
    const ref = refOf(job);
    if (ref !== null && isOutputPath(path))
      return await provider.output(ref, path, request, signal);
    throw new TrainyardError('NOT_FOUND', `The job ${jobId} has made no ${quote(path)}.`);
  }
}

function refOf({ id, externalId }: Job): JobRef | null {
  return externalId === null ? null : { jobId: id, externalId };
}

function notSupported({ id }: Job, { name, kind }: Provider): TrainyardError {
  return new TrainyardError(
    'NOT_SUPPORTED',
    `What the job ${id} has made cannot be had from the provider ${name}: those of the kind ${kind} keep no files. Let the job itself store them elsewhere.`,
  );
}
