import { codeOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';
import { applyEvent, type JobEvent } from '../states.ts';
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
   * configured any more. That it was asked for is saved first: where this server does not live to hear the
   * answer, whoever drives the job asks again.
   */
  async run(jobId: string, options: { force: boolean }): Promise<Job> {
    const known = await this.#changes.store.get(jobId);
    if (!known) throw unknown(jobId);
    const provider = this.#providers.find(known.provider);
    const job = await this.#apply(jobId, (now) => {
      // Nobody runs it yet, so nobody needs to be asked.
      if (now.externalId === null) return { name: 'dropped' };
      return provider ? { name: 'cancelAsked', byForce: options.force } : null;
    });
    if (job.status === 'CANCELLED') return job;
    if (isOver(job.status) || job.externalId === null) throw ended(job);
    if (!provider) {
      const why = `The provider ${job.provider} is not configured`;
      if (options.force) return this.#letGo(job, why);
      throw new TrainyardError(
        'PROVIDER_UNAVAILABLE',
        `${why}, so nobody can be asked to end the job ${jobId}. Configure it again, or let go of the job by force: it is LOST then.`,
      );
    }
    const ref = { jobId, externalId: job.externalId };
    const task = `accept the cancel of job ${jobId}`;
    try {
      const accepted = await withinTime(task, (signal) => provider.cancel(ref, options, signal));
      if (!accepted) throw ended(job);
    } catch (error) {
      if (options.force && codeOf(error) === 'NOT_FOUND') {
        return this.#letGo(job, `The provider ${job.provider} does not know this job`);
      }
      // The caller is told, and may ask again: nobody else is to ask on its own.
      await this.#apply(jobId, () => ({ name: 'cancelWithdrawn' }));
      throw error;
    }
    const cancelled = await this.#apply(jobId, () => ({ name: 'cancelAccepted' }));
    if (isOver(cancelled.status) && cancelled.status !== 'CANCELLED') throw ended(cancelled);
    return cancelled;
  }

  /** Nobody can be asked any more: the job is LOST, whatever becomes of it. */
  #letGo(job: Job, why: string): Promise<Job> {
    const failure = {
      message: `${why}; it was let go by force, and how it ended is not known.`,
      exitCode: null,
      signal: null,
      offset: null,
      excerpt: [],
    };
    return this.#apply(job.id, () => ({ name: 'letGo', failure }));
  }

  async #apply(jobId: string, eventFor: (now: Job) => Omit<JobEvent, 'now'> | null): Promise<Job> {
    const job = await this.#changes.update(jobId, (now) => {
      const event = eventFor(now);
      return event && applyEvent(now, { ...event, now: Date.now() });
    });
    if (!job) throw unknown(jobId);
    return job;
  }
}

function unknown(jobId: string): TrainyardError {
  return new TrainyardError('NOT_FOUND', `There is no job ${JSON.stringify(jobId)}.`);
}

function ended(job: Job): TrainyardError {
  return new TrainyardError(
    'CONFLICT',
    `The job ${job.id} has ended already, so it cannot be cancelled. Ask for its status.`,
    { details: { jobId: job.id } },
  );
}
