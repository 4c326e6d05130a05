import { codeOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { LogStore } from '../../core/store.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { quote } from '../../lib/text/quote.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';
import { applyEvent, type JobEvent } from '../states.ts';
import { withinTime } from './within-time.ts';

/**
 * A forced cancel of a CANCELLED job gives up its log only this long after the job's end; until then the
 * log may still be arriving. Completing a log that was given up may take as long.
 */
const drainMs = 10_000;

/** Ends jobs when callers ask for it. */
export class Cancel {
  readonly #changes: JobChanges;
  readonly #providers: Providers;
  readonly #logs: LogStore;

  constructor(options: { changes: JobChanges; logs: LogStore; providers: Providers }) {
    this.#changes = options.changes;
    this.#logs = options.logs;
    this.#providers = options.providers;
  }

  /**
   * Asks the provider to end a job, politely or, with `force`, at once. Resolves when the provider has agreed;
   * the job then ends CANCELLED. Cancelling a cancelled job changes nothing. Errors: `NOT_FOUND`; `CONFLICT` for
   * a job that has ended in another way; `PROVIDER_UNAVAILABLE` where the provider did not answer, and then
   * the job is as it was before.
   *
   * `force` also helps where no provider can. A job becomes LOST if its provider does not know it or is no longer
   * configured. The log of a job that is over is completed, with a gap where lines were still to come.
   *
   * The request is saved before the provider is asked. If this server dies before it has the answer, the job's
   * driver asks again.
   */
  async run(jobId: string, options: { force: boolean }): Promise<Job> {
    const known = await this.#changes.store.get(jobId);
    if (!known) throw unknown(jobId);
    const provider = this.#providers.find(known.provider);
    const job = await this.#apply(jobId, (now) => {
      // No provider runs it yet, so none has to be asked.
      if (now.externalId === null) return { name: 'dropped' };
      return provider ? { name: 'cancelAsked', byForce: options.force } : null;
    });
    if (options.force && isOver(job.status) && (await this.#giveUpLog(job))) return job;
    if (job.status === 'CANCELLED') return job;
    if (isOver(job.status) || job.externalId === null) throw ended(job);
    if (!provider) {
      const why = `The provider ${job.provider} is not configured`;
      if (options.force) return this.#letGo(job, why);
      throw new TrainyardError(
        'PROVIDER_UNAVAILABLE',
        `${why}, so it cannot be asked to end the job ${jobId}. Configure it again, or let go of the job by force: it is LOST then.`,
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
      // The caller gets the error and may try again, so the driver must not ask on its own.
      await this.#apply(jobId, () => ({ name: 'cancelWithdrawn' }));
      throw error;
    }
    const cancelled = await this.#apply(jobId, () => ({ name: 'cancelAccepted' }));
    if (isOver(cancelled.status) && cancelled.status !== 'CANCELLED') throw ended(cancelled);
    return cancelled;
  }

  /** Has the job's driver complete the log as it is; false where there is nothing to give up. */
  async #giveUpLog(job: Job): Promise<boolean> {
    // An end that is far ahead tells that the clock was set back, and not how long ago it was.
    const endedAgoMs = Math.abs(Date.now() - (job.finishedAt ?? 0));
    // The caller means the job, whose log may still be arriving.
    if (job.status === 'CANCELLED' && endedAgoMs < drainMs) return false;
    if ((await this.#logs.head(job.id)).complete) return false;
    await this.#changes.update(job.id, () => ({ logGivenUpAt: Date.now() }));
    const signal = AbortSignal.timeout(drainMs);
    while (!(await this.#logs.head(job.id)).complete) if (!(await waitMs(50, signal))) break;
    return true;
  }

  /** Makes the job LOST and gives up its log, as no provider can be asked about it. */
  async #letGo(job: Job, why: string): Promise<Job> {
    const failure = {
      message: `${why}; the job was let go by force, so its end is not known.`,
      exitCode: null,
      signal: null,
      offset: null,
      excerpt: [],
    };
    const lost = await this.#apply(job.id, () => ({ name: 'letGo', failure }));
    return (await this.#changes.update(job.id, () => ({ logGivenUpAt: Date.now() }))) ?? lost;
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
  return new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
}

function ended(job: Job): TrainyardError {
  return new TrainyardError(
    'CONFLICT',
    `The job ${job.id} has already ended, so it cannot be cancelled; see its status. If its log will never be complete, cancel it by force: that gives up the rest of the log.`,
    { details: { jobId: job.id } },
  );
}
