import { TrainyardError } from '../core/errors.ts';
import { isOver, type Job } from '../core/job.ts';
import type { JobLedger } from './ledger.ts';
import type { Providers } from './providers.ts';

/** How long a provider may take to accept a cancel. */
const cancelTimeoutMs = 10_000;

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

    const provider = this.#providers.get(job.provider);
    const ref = { jobId, externalId: job.externalId };
    const signal = AbortSignal.timeout(cancelTimeoutMs);
    const accepted = await provider.cancel(ref, options, signal);
    if (!accepted) throw ended(job);
    const cancelled = await this.#ledger.update(jobId, (now) => ({
      status: 'STOPPING',
      cancelledAt: now.cancelledAt ?? Date.now(),
    }));
    return cancelled ?? job;
  }
}

function ended(job: Job): TrainyardError {
  return new TrainyardError(
    'CONFLICT',
    `The job ${job.id} has ended already, so it cannot be cancelled. Ask for its status.`,
    { details: { jobId: job.id } },
  );
}
