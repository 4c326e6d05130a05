import { codeOf } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';

/** How long a write may wait for others, where many jobs write; one that nobody waits for, and another. */
const waitMs = { unhurried: 50, hurried: 10 } as const;
/**
 * Where fewer jobs than this write in the longer time, nobody waits for anybody. A machine on which a commit takes
 * more than six milliseconds never gets there.
 */
const manyJobs = 8;
/** So many writes are enough for one transaction, which takes some ten milliseconds: it must hold nobody up. */
const maxGroup = 256;

interface Waiting {
  work: () => void;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Runs small writes of many jobs in common transactions. One that stands alone costs a commit, and for each of its
 * rows a whole page in the write-ahead log; rows of several jobs often lie in one page.
 */
export class WriteGroups {
  readonly #connection: Connection;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #period = { startedAt: 0, jobs: new Set<object>(), isBusy: false };

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(connection: Connection, options: { now: () => number }) {
    this.#connection = connection;
    this.#now = options.now;
  }

  /**
   * As `Connection.write` does, of one transaction for all or of its own; what one write throws concerns no other.
   * `work` may run twice, the first time without effect.
   */
  write<T>(job: object, work: () => T, haste: 'hurried' | 'unhurried'): Promise<T> {
    if (!this.#isBusy(job)) return this.#connection.write(work);
    return new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined;
      this.#waiting.push({
        work: () => {
          result = { value: work() };
        },
        resolve: () =>
          result === undefined ? reject(new Error('not run')) : resolve(result.value),
        reject,
      });
      if (this.#waiting.length === maxGroup) void this.#flush();
      else this.#flushWithin(waitMs[haste]);
    });
  }

  #flushWithin(ms: number): void {
    const dueAt = this.#now() + ms;
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#flush(), ms);
  }

  /** Whether many jobs wrote in the period before this one. */
  #isBusy(job: object): boolean {
    const now = this.#now();
    const { startedAt, jobs } = this.#period;
    if (now - startedAt >= waitMs.unhurried) {
      this.#period = { startedAt: now, jobs: new Set(), isBusy: jobs.size >= manyJobs };
    }
    this.#period.jobs.add(job);
    return this.#period.isBusy;
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    const group = this.#waiting;
    this.#waiting = [];
    try {
      await this.#connection.write(() => {
        for (const { work } of group) work();
      });
      for (const { resolve } of group) resolve();
    } catch (error) {
      await this.#afterFailure(group, error);
    }
  }

  /** Nothing was written. A lock or a full disk concerns all; a damaged page or a refusal one, so each is tried by itself. */
  async #afterFailure(group: readonly Waiting[], error: unknown): Promise<void> {
    const concernsAll = codeOf(error) === 'STORE_UNAVAILABLE' && !isDamage(causeOf(error));
    for (const { work, resolve, reject } of group) {
      if (concernsAll) reject(error);
      else await this.#connection.write(work).then(resolve, reject);
    }
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
