import { z } from 'zod';
import { TrainyardError } from '../core/errors.ts';
import { isOver, type Job, type JobFilter, type JobStatus } from '../core/job.ts';
import type {
  JobListOptions,
  JobPage,
  LogStore,
  OrderedJobPage,
  OrderedListOptions,
} from '../core/store.ts';
import { quote } from '../lib/text/quote.ts';
import { checkInput, labels } from './ask/input.ts';
import { withinTime } from './ask/within-time.ts';
import type { JobChanges } from './job-changes.ts';
import type { Providers } from './providers.ts';

/** What people say of a job; an empty note is none. */
export interface JobLabels {
  name?: string | null;
  note?: string | null;
  tags?: readonly string[] | null;
  pinned?: boolean | null;
}

const checkedLabels = z.object({
  name: labels.name.nullish(),
  note: labels.note.nullish(),
  tags: labels.tags.nullish(),
  pinned: z.boolean().nullish(),
});

/** Looks jobs up, lists, labels and deletes them. */
export class Jobs {
  readonly #changes: JobChanges;
  readonly #logs: LogStore;
  readonly #providers: Providers;

  constructor(options: { changes: JobChanges; logs: LogStore; providers: Providers }) {
    this.#changes = options.changes;
    this.#logs = options.logs;
    this.#providers = options.providers;
  }

  find(id: string): Promise<Job | null> {
    return this.#changes.store.get(id);
  }

  /** A page of jobs, newest first. */
  list(options: JobListOptions): Promise<JobPage> {
    return this.#changes.store.list(options);
  }

  /** A page of jobs in another order. Throws `BAD_USER_INPUT` where too many pass the filter. */
  listOrdered(options: OrderedListOptions): Promise<OrderedJobPage> {
    return this.#changes.store.listOrdered(options);
  }

  /** How many jobs of a filter have each status; a status that none has is absent. */
  counts(filter: JobFilter): Promise<Map<JobStatus, number>> {
    return this.#changes.store.counts(filter);
  }

  /**
   * Changes what people say of a job, and nothing else; what is absent or null stays. Throws `NOT_FOUND`, and
   * `BAD_USER_INPUT` for a text that is too long.
   */
  async label(id: string, given: JobLabels): Promise<Job> {
    const { name, note, tags, pinned } = checkInput(checkedLabels, given);
    const job = await this.#changes.update(id, (known) => ({
      name: name ?? known.name,
      note: note === undefined || note === null ? known.note : note || null,
      tags: tags ?? known.tags,
      pinned: pinned ?? known.pinned,
    }));
    if (!job) throw notFound(id);
    return job;
  }

  /**
   * Deletes a job that is over, its log, and everything that its provider still holds for it. Throws `NOT_FOUND`;
   * `CONFLICT` where the job is not over or its log is not complete, unless that cannot be told any more because of
   * damage; and the provider's error where the provider cannot release what it holds: nothing is deleted then.
   */
  async delete(id: string): Promise<void> {
    const job = await this.find(id);
    if (!job) throw notFound(id);
    const { complete, isProven } = await this.#logs.extent(id);
    if (!isOver(job.status) || (isProven && !complete)) {
      const message = isOver(job.status)
        ? `The log of job ${id} is not complete yet; wait until it is, or give up the rest of it (cancelJob with force), then delete the job.`
        : `The job ${id} is ${job.status}; only an ended job can be deleted. Cancel it, or wait.`;
      throw new TrainyardError('CONFLICT', message, { details: { jobId: id } });
    }
    await this.#release(job);
    await this.#changes.delete(id);
  }

  /** Must come before the job is deleted: without the job, nobody knows what is held for it. */
  async #release(job: Job): Promise<void> {
    const provider = this.#providers.find(job.provider);
    if (!provider?.release) return;
    await withinTime(`give back what the job ${job.id} held`, async (signal) => {
      const externalId = job.externalId ?? (await provider.find(job, signal));
      if (externalId !== null) await provider.release?.({ jobId: job.id, externalId }, signal);
    });
  }
}

function notFound(id: string): TrainyardError {
  return new TrainyardError('NOT_FOUND', `There is no job ${quote(id)}.`);
}
