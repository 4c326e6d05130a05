import type { Job } from '../../src/core/job.ts';
import type { LogBatch, ProviderState } from '../../src/core/provider.ts';

/** A saved job that nobody has deployed yet. */
export function jobOf(id: string, values: Partial<Job> = {}): Job {
  return {
    id,
    seq: 1,
    name: `job ${id}`,
    provider: 'box',
    externalId: null,
    providerKind: null,
    createdBy: null,
    rerunOf: null,
    recipe: 'default',
    modelName: 'test-model',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
    tags: [],
    note: null,
    pinned: false,
    status: 'QUEUED',
    providerStatus: null,
    stale: false,
    waitsFor: null,
    failure: null,
    progress: null,
    cost: null,
    consoleUrl: null,
    notice: null,
    cancelRequestedAt: null,
    cancelByForce: false,
    cancelledAt: null,
    logGivenUpAt: null,
    createdAt: 0,
    startedAt: null,
    finishedAt: null,
    updatedAt: 0,
    ...values,
  };
}

export function refOf(id: string): { jobId: string; externalId: string } {
  return { jobId: id, externalId: id };
}

/** `prefix 0`, `prefix 1`, … */
export function numbered(prefix: string, count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${first + index}`);
}

/** Takes batches as a collector does, and lets a test wait for a line. */
export class Follower {
  readonly lines: string[] = [];
  readonly gaps: { offset: number; reason: string }[] = [];
  /** The cursor after each batch, by the number of lines until then. */
  readonly cursors = new Map<number, string>();
  /** Set once the log was drained. */
  ended: { state: ProviderState | null } | null = null;
  /** Settles with the log's end, or as following failed. */
  readonly done: Promise<void>;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(batches: AsyncIterable<LogBatch>) {
    this.done = this.#take(batches);
    this.done.catch(() => {});
  }

  /** Resolves when so many lines have come; rejects as following does. */
  async reach(count: number): Promise<void> {
    if (this.lines.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    await Promise.race([promise, this.done]);
    if (this.lines.length < count) throw new Error(`ended after ${this.lines.length} lines`);
  }

  async #take(batches: AsyncIterable<LogBatch>): Promise<void> {
    for await (const batch of batches) {
      const { lines, runs, gaps = [] } = batch;
      const counted = runs.reduce((sum, run) => sum + run.count, 0);
      if (counted !== lines.length) throw new Error('the runs do not cover the lines');
      for (const { before, reason } of gaps) {
        this.gaps.push({ offset: this.lines.length + before, reason });
      }
      this.lines.push(...lines);
      this.cursors.set(this.lines.length, batch.cursor);
      for (const { count, resolve } of this.#waiting) if (this.lines.length >= count) resolve();
      if (batch.ended) this.ended = batch.ended;
    }
  }
}
