import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import type { JobRef, Provider, StatusReport } from '../../core/provider.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { jobTimes } from '../times.ts';

/** Each further job makes the rounds so much longer, so that a provider with many jobs is not asked without end... */
const roundMsPerJob = 10;
/** ...but not longer than this: an end must be heard, and silence be told as stale, in good time. */
const maxRoundMs = 5000;

export interface Watched {
  ref: JobRef;
  report(report: StatusReport): void;
  /** Called once each time the job has not been heard of for `staleAfterMs` (see `JobTimes`). */
  stale(): void;
}

interface Entry extends Watched {
  heardAt: number;
  /** Null until it is asked for the first time. */
  askedAt: number | null;
  saidStale: boolean;
  asking: boolean;
}

/** Asks one provider, again and again, how its live jobs are. A slow answer holds up no other job's. */
export class StatusWatch {
  readonly #provider: Provider;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ firstMs: 1000, maxMs: 15_000 });
  readonly #staleAfterMs: number;
  #notBefore = 0;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Immediate | null = null;

  constructor(options: { provider: Provider; logger: Logger; staleAfterMs?: number }) {
    this.#provider = options.provider;
    this.#logger = options.logger;
    this.#staleAfterMs = options.staleAfterMs ?? jobTimes.staleAfterMs;
  }

  /** Watches a job until the function that comes back is called. */
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
    // How a new job is, is wanted before the next round comes; jobs that come together are asked for together, and no others with them.
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
    // Half a tick early rather than a whole one late.
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
      // One that has answered may be asked by a newer round already.
      for (const entry of entries) if (entry.askedAt === askedAt) entry.asking = false;
    }
  }

  #pass(report: StatusReport): void {
    if (this.#closing.signal.aborted) return;
    const entry = this.#entries.get(report.jobId);
    // Asked again as soon as it has answered, though others of the same round may still be silent.
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
