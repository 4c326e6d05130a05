import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import { isOver, type Job } from '../../core/job.ts';
import type { Lease, Store } from '../../core/store.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { recent } from '../../lib/recent.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { GrowingLines } from '../../logs/growing-lines.ts';
import type { UnstoredLogs } from '../../logs/unstored-logs.ts';
import type { JobChanges } from '../job-changes.ts';
import type { Providers } from '../providers.ts';
import { type JobTimes, jobTimes } from '../times.ts';
import { StatusWatch } from '../watch/watch.ts';
import { JobDriver } from './driver.ts';
import { finishJob } from './finish.ts';
import { givenUpByForce } from './give-up.ts';

/** Up to this many jobs, each stores its lines at once. */
const promptJobs = 20;
/** With each further job, all of them gather lines for this much longer before they store them. */
const pauseMsPerJob = 5;
const maxPauseMs = 1000;

export interface SupervisorOptions {
  store: Store;
  changes: JobChanges;
  providers: Providers;
  growing: GrowingLines;
  unstored: UnstoredLogs;
  /** Whether a reader follows the job's log at the moment. */
  isFollowed?: (jobId: string) => boolean;
  /** Called after a job's log has grown or become complete. */
  advanced: (jobId: string) => void;
  logger: Logger;
  times?: Partial<JobTimes>;
}

/** Makes sure that every unfinished job has one driver, on this server or another one of the same store. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #watches = new Map<string, StatusWatch>();
  readonly #times: JobTimes;
  readonly #drivers = new Map<string, { driver: JobDriver; lease: Lease; done: Promise<void> }>();
  readonly #claiming = new Map<string, Promise<JobDriver | null>>();
  readonly #unconfigured = new Set<string>();
  /** Jobs of which the store has lost what their driving needs: trying again helps nobody. */
  readonly #damaged = recent<true>();
  readonly #closing = new AbortController();
  #rounds: Promise<unknown> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#times = { ...jobTimes, ...options.times };
    for (const provider of options.providers.list()) {
      this.#watches.set(
        provider.name,
        new StatusWatch({ provider, logger: options.logger, times: this.#times }),
      );
    }
  }

  /** Takes up every unfinished job that no server drives, now and whenever another server stops driving one. */
  start(): void {
    const { signal } = this.#closing;
    const { leases } = this.#options.store;
    // These are two loops, so that no lease runs out while many jobs are taken up.
    this.#rounds = Promise.all([
      this.#each(leases.leaseMs / 4, 'leases are not renewed', () => this.#renew(), signal),
      this.#each(leases.leaseMs / 3, 'unfinished jobs wait', () => this.#takeUp(signal), signal),
    ]);
  }

  /** How many jobs this server drives. */
  get size(): number {
    return this.#drivers.size;
  }

  /**
   * Drives a job and resolves to its driver; null where another server drives it or its provider is not configured.
   * `isNew` means that this server has just saved the job, so no provider has been asked to run it.
   */
  async drive(job: Job, { isNew = false } = {}): Promise<JobDriver | null> {
    const running = this.#drivers.get(job.id);
    if (running) return running.driver;
    // A second claim would give the lease a new fence, and the first claim's driver would lose it.
    const claiming = this.#claiming.get(job.id) ?? this.#claim(job, { isNew });
    this.#claiming.set(job.id, claiming);
    return claiming.finally(() => this.#claiming.delete(job.id));
  }

  async #claim(job: Job, { isNew }: { isNew: boolean }): Promise<JobDriver | null> {
    const { store, changes, providers, logger } = this.#options;
    const provider = providers.find(job.provider);
    const watch = this.#watches.get(job.provider);
    if (!provider || !watch) {
      // Any other job waits, because its provider may still have lines of its log.
      const isGivenUp = job.status === 'LOST' || job.logGivenUpAt !== null;
      if (isOver(job.status) && (job.externalId === null || isGivenUp))
        await this.#finishWithoutProvider(job);
      else this.#missesProvider(job);
      return null;
    }
    const lease = await store.leases.claim(job.id);
    if (!lease || this.#closing.signal.aborted) return null;
    const driver = new JobDriver({
      job,
      isNew,
      provider,
      lease,
      holds: () => store.leases.isValid(lease),
      changes,
      logs: store.logs,
      watch,
      pauseMs: () => this.#pauseMs(job.id),
      growing: this.#options.growing,
      unstored: this.#options.unstored,
      logger,
      times: this.#times,
      advanced: () => this.#options.advanced(job.id),
    });
    const done = driver
      .run(this.#closing.signal)
      .catch((error: unknown) => {
        const facts = { job: job.id, provider: job.provider, code: codeOf(error) };
        if (codeOf(error) === 'DATA_DAMAGED') this.#drop(job, error);
        else if (codeOf(error) === 'INTERNAL') {
          logger.error({ ...facts, err: error }, 'a defect ended the driving of a job');
        } else {
          logger.warn(facts, `the job is no longer driven here: ${messageOf(error)}`);
        }
      })
      .finally(() => this.#drivers.delete(job.id));
    this.#drivers.set(job.id, { driver, lease, done });
    return driver;
  }

  /** Stops driving after the appends under way, and gives the leases back. The jobs keep running. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#rounds;
    await Promise.all([...this.#drivers.values()].map(({ done }) => done));
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    await this.#options.store.leases.release();
  }

  /** Renews the leases, and stops the drivers whose lease another server took, such as after a long pause. */
  async #renew(): Promise<void> {
    const { leases } = this.#options.store;
    await leases.renew();
    for (const { driver, lease } of this.#drivers.values()) {
      if (leases.isValid(lease)) continue;
      const message = `the job ${lease.jobId} is driven by another server by now`;
      driver.abandon(new TrainyardError('CONFLICT', message));
    }
  }

  /** How long a job gathers lines before it stores them. It is 0 for few jobs and for a job that a reader follows. */
  #pauseMs(jobId: string): number {
    if (this.#options.isFollowed?.(jobId)) return 0;
    return Math.min(maxPauseMs, Math.max(0, this.#drivers.size - promptJobs) * pauseMsPerJob);
  }

  async #takeUp(signal: AbortSignal): Promise<void> {
    for (const job of await this.#options.store.jobs.unfinished()) {
      if (signal.aborted) return;
      if (this.#drivers.has(job.id) || this.#damaged.has(job.id)) continue;
      try {
        await this.drive(job);
      } catch (error) {
        // One job's damage must not keep those behind it from being taken up.
        if (codeOf(error) !== 'DATA_DAMAGED') throw error;
        this.#drop(job, error);
      }
    }
  }

  #drop(job: Job, error: unknown): void {
    this.#damaged.set(job.id, true);
    const facts = { job: job.id, provider: job.provider, code: codeOf(error) };
    this.#options.logger.error(facts, `the job cannot be driven: ${messageOf(error)}`);
  }

  /** Repeats `work` until the signal is aborted, with `restMs` between two rounds. A failure is logged. */
  async #each(
    restMs: number,
    failed: string,
    work: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    do {
      try {
        await work();
      } catch (error) {
        this.#options.logger.warn({ code: codeOf(error) }, `${failed}: ${messageOf(error)}`);
      }
    } while (await waitMs(restMs, signal));
  }

  async #finishWithoutProvider(job: Job): Promise<void> {
    const { store, changes, logger, advanced } = this.#options;
    const lease = await store.leases.claim(job.id);
    if (!lease) return;
    try {
      await finishJob(
        job.id,
        {
          provider: null,
          lease,
          holds: () => store.leases.isValid(lease),
          changes,
          logs: store.logs,
          logger,
          ...(job.externalId === null ? {} : { gap: givenUpByForce }),
          advanced: () => advanced(job.id),
        },
        this.#closing.signal,
      );
    } finally {
      await store.leases.release(lease);
    }
  }

  #missesProvider(job: Job): void {
    if (this.#unconfigured.has(job.provider)) return;
    this.#unconfigured.add(job.provider);
    this.#options.logger.warn(
      { job: job.id, provider: job.provider },
      'a job waits for a provider that is not configured',
    );
  }
}
