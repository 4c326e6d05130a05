import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import type { JobRef, Provider, StatusReport } from '../../core/provider.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { type JobTimes, jobTimes } from '../times.ts';

/** The shortest time between two status calls for a job, per watched job, which spares a provider with many jobs. */
const roundMsPerJob = 10;
/** The longest time between two status calls for a job, so that its end and its silence are noticed soon. */
const maxRoundMs = 5000;

export interface Watched {
  ref: JobRef;
  report(report: StatusReport): void;
  /** Called once each time that no report has come for `staleAfterMs` (see `JobTimes`). */
  stale(): void;
}

interface Entry extends Watched {
  heardAt: number;
  /** When the provider was last asked, by the monotonic clock; null before the first time. */
  askedAt: number | null;
  saidStale: boolean;
  asking: boolean;
}

/** Asks one provider again and again for the status of its live jobs. A slow answer for one job delays no other. */
export class StatusWatch {
  readonly #provider: Provider;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #backoff: Backoff;
  readonly #staleAfterMs: number;
  #notBefore = 0;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;

  constructor(options: { provider: Provider; logger: Logger; times?: JobTimes }) {
    this.#provider = options.provider;
    this.#logger = options.logger;
    const { staleAfterMs, firstRestMs } = options.times ?? jobTimes;
    this.#staleAfterMs = staleAfterMs;
    this.#backoff = new Backoff({ firstMs: firstRestMs, maxMs: 15_000 });
  }

  /** Watches a job. Returns the function that ends this. */
  add(watched: Watched): () => void {
    const { jobId } = watched.ref;
    const entry: Entry = {
      ...watched,
      heardAt: performance.now(),
      askedAt: null,
      saidStale: false,
      asking: false,
    };
    this.#entries.set(jobId, entry);
    this.#timer ??= setInterval(() => this.#tick(), this.#provider.pollMs);
    // A new job does not wait for the next round. Jobs that are added together are asked for in one call.
    this.#soon ??= setImmediate(() => {
      this.#soon = null;
      this.#askAll(({ askedAt }) => askedAt === null);
    });
    return () => {
      if (this.#entries.get(jobId) === entry) this.#entries.delete(jobId);
      if (this.#entries.size === 0) this.#stop();
    };
  }

  async close(): Promise<void> {
    this.#stop();
    this.#closing.abort();
    await Promise.all(this.#asking);
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    if (this.#soon) clearImmediate(this.#soon);
    this.#timer = null;
    this.#soon = null;
  }

  #tick(): void {
    const now = performance.now();
    for (const entry of this.#entries.values()) {
      if (!entry.saidStale && now - entry.heardAt > this.#staleAfterMs) {
        entry.saidStale = true;
        entry.stale();
      }
    }
    const { pollMs } = this.#provider;
    const roundMs = Math.max(pollMs, Math.min(maxRoundMs, this.#entries.size * roundMsPerJob));
    // Without the half tick, a job that is due right after a tick would wait for a whole one.
    const dueBefore = now - roundMs + pollMs / 2;
    this.#askAll(({ askedAt }) => askedAt === null || askedAt <= dueBefore);
  }

  #askAll(isDue: (entry: Entry) => boolean): void {
    if (performance.now() < this.#notBefore) return;
    const due = [...this.#entries.values()].filter((entry) => !entry.asking && isDue(entry));
    if (due.length === 0) return;
    const asking = this.#ask(due).finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
  }

  async #ask(entries: readonly Entry[]): Promise<void> {
    const refs = entries.map(({ ref }) => ref);
    const askedAt = performance.now();
    for (const entry of entries) Object.assign(entry, { askedAt, asking: true });
    try {
      for await (const report of this.#provider.status(refs, this.#closing.signal)) {
        this.#pass(report);
      }
    } catch (error) {
      for (const { ref } of entries) this.#pass({ jobId: ref.jobId, error });
    } finally {
      // A newer round may already be asking for a job that has answered in this one.
      for (const entry of entries) if (entry.askedAt === askedAt) entry.asking = false;
    }
  }

  #pass(report: StatusReport): void {
    if (this.#closing.signal.aborted) return;
    const entry = this.#entries.get(report.jobId);
    // The job is free for the next round, although others of this round may not have answered yet.
    if (entry) entry.asking = false;
    if ('state' in report || codeOf(report.error) === 'NOT_FOUND') {
      this.#backoff.reset();
      if (entry) Object.assign(entry, { heardAt: performance.now(), saidStale: false });
    } else {
      this.#rest(report.error);
    }
    entry?.report(report);
  }

  #rest(error: unknown): void {
    if (performance.now() < this.#notBefore) return;
    const least = error instanceof TrainyardError ? (error.retryAfterMs ?? 0) : 0;
    const restMs = Math.max(least, this.#backoff.nextMs());
    this.#notBefore = performance.now() + restMs;
    this.#logger.warn(
      { provider: this.#provider.name, code: codeOf(error), restMs },
      `the provider does not say how its jobs are: ${messageOf(error)}`,
    );
  }
}
