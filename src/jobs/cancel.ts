import { TrainyardError } from '../core/errors.ts';
import { isOver, type Job } from '../core/job.ts';
import type { JobLedger } from './ledger.ts';
import type { Providers } from './providers.ts';
import { withinTime } from './within-time.ts';

/** Ends jobs on demand. */
export class Cancel {
  readonly #ledger: JobLedger;
  readonly #providers: Providers;

  constructor(options: { ledger: JobLedger; providers: Providers }) {
    this.#ledger = options.ledger;
    this.#providers = options.providers;
  }

  /**
   * Asks the provider to end a job, politely or at once, and resolves when it has agreed: from then on
   * the job ends CANCELLED. Cancelling a cancelled job is fine. Errors: `NOT_FOUND`, `CONFLICT` for a
   * job that has ended otherwise, `PROVIDER_UNAVAILABLE` where nobody was reached and nothing changed.
   * With `force`, a job whose provider is not configured any more becomes LOST.
   */
  async run(jobId: string, options: { force: boolean }): Promise<Job> {
    const job = await this.#ledger.update(jobId, (now) =>
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
    if (!provider) return this.#letGo(job, options);
    const ref = { jobId, externalId: job.externalId };
    return this.#ledger.cancelling(jobId, async () => {
      const accepted = await withinTime(`accept the cancel of job ${jobId}`, (signal) =>
        provider.cancel(ref, options, signal),
      );
      if (!accepted) throw ended(job);
      const cancelled = await this.#ledger.update(jobId, (now) =>
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

  /** A job whose provider is not configured any more: nobody can be asked, so it takes `force`. */
  async #letGo(job: Job, { force }: { force: boolean }): Promise<Job> {
    const message = `The provider ${job.provider} is not configured, so nobody can be asked to end the job ${job.id}.`;
    if (!force) {
      const help = 'Configure it again, or let go of the job by force: it is LOST then.';
      throw new TrainyardError('PROVIDER_UNAVAILABLE', `${message} ${help}`);
    }
    const failure = { message, exitCode: null, signal: null, offset: null, excerpt: [] };
    const lost = await this.#ledger.update(job.id, () => ({
      status: 'LOST',
      finishedAt: Date.now(),
      stale: false,
      failure,
    }));
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
