import { codeOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';
import { withinTime } from './within-time.ts';

/** Ends jobs on demand. */
export class Cancel {
  readonly #changes: JobChanges;
  readonly #providers: Providers;

  constructor(options: { changes: JobChanges; providers: Providers }) {
    this.#changes = options.changes;
    this.#providers = options.providers;
  }

  /**
   * Asks the provider to end a job, politely or at once, and resolves when it has agreed: from then on
   * the job ends CANCELLED. Cancelling a cancelled job is fine. Errors: `NOT_FOUND`, `CONFLICT` for a
   * job that has ended otherwise, `PROVIDER_UNAVAILABLE` where nobody was reached and nothing changed.
   * With `force`, a job that nobody can be asked about becomes LOST: its provider does not know it, or is not
   * configured any more.
   */
  async run(jobId: string, options: { force: boolean }): Promise<Job> {
    const job = await this.#changes.update(jobId, (now) =>
      // Nobody runs it yet, so nobody needs to be asked.
      now.externalId === null && !isOver(now.status)
        ? { status: 'CANCELLED', cancelledAt: Date.now(), finishedAt: Date.now(), stale: false }
        : null,
    );
    if (!job) throw new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(jobId)}.`);
    if (job.status === 'CANCELLED') return job;
    if (isOver(job.status)) throw ended(job);
    if (job.externalId === null) throw ended(job);

    const provider = this.#providers.find(job.provider);
    if (!provider) {
      const why = `The provider ${job.provider} is not configured`;
      if (options.force) return this.#letGo(job, why);
      throw new TrainyardError(
        'PROVIDER_UNAVAILABLE',
        `${why}, so nobody can be asked to end the job ${jobId}. Configure it again, or let go of the job by force: it is LOST then.`,
      );
    }
    const ref = { jobId, externalId: job.externalId };
    return this.#changes.cancelling(jobId, async () => {
      const task = `accept the cancel of job ${jobId}`;
      try {
        const accepted = await withinTime(task, (signal) => provider.cancel(ref, options, signal));
        if (!accepted) throw ended(job);
      } catch (error) {
        if (!options.force || codeOf(error) !== 'NOT_FOUND') throw error;
        return this.#letGo(job, `The provider ${job.provider} does not know this job`);
      }
      const cancelled = await this.#changes.update(jobId, (now) =>
        isOver(now.status)
          ? null
          : { status: 'STOPPING', cancelledAt: now.cancelledAt ?? Date.now() },
      );
      if (cancelled && isOver(cancelled.status) && cancelled.status !== 'CANCELLED') {
        throw ended(cancelled);
      }
      return cancelled ?? job;
    });
  }

  /** Nobody can be asked any more: the job is LOST, whatever becomes of it. */
  async #letGo(job: Job, why: string): Promise<Job> {
    const failure = {
      message: `${why}; it was let go by force, and how it ended is not known.`,
      exitCode: null,
      signal: null,
      offset: null,
      excerpt: [],
    };
    const lost = await this.#changes.update(job.id, ({ status }) =>
      isOver(status) ? null : { status: 'LOST', finishedAt: Date.now(), stale: false, failure },
    );
    return lost ?? job;
  }
}

function ended(job: Job): TrainyardError {
  return new TrainyardError(
    'CONFLICT',
    `The job ${job.id} has ended already, so it cannot be cancelled. Ask for its status.`,
    { details: { jobId: job.id } },
  );
}
