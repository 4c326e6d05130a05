import { TrainyardError } from '../../core/errors.ts';
import type { MetricSeries } from '../../core/log.ts';
import type { Store } from '../../core/store.ts';
import { abortable } from '../../lib/async/abortable.ts';
import type { Hints } from '../../lib/async/hints.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Pace } from './pace.ts';

/** How often a followed job's values are read without a hint, in milliseconds: another server may store them. */
const pollMs = 1000;
/** The least time between two updates, in milliseconds: a chart need not be drawn more often. */
const restMs = 250;

/** New values of a job's metrics. */
export interface MetricUpdate {
  jobId: string;
  /** Where to go on; opaque. */
  cursor: string;
  /** The series that have new values, with these alone. */
  series: MetricSeries[];
  /** The job is over and this is its last update. */
  complete: boolean;
}

export interface FollowMetricsOptions {
  names: readonly string[] | null;
  maxPoints: number;
  /** The cursor of the last update that was seen; null to begin with all values. */
  after: string | null;
  /** Resolves when the reader may do some milliseconds of work. */
  pace: Pick<Pace, 'turn'>;
  turnMs: number;
}

/** Follows the values of jobs' metrics, for subscriptions. */
export class LiveMetrics {
  readonly #store: Pick<Store, 'jobs' | 'logs'>;
  readonly #hints: Hints<string>;

  constructor(options: { store: Pick<Store, 'jobs' | 'logs'>; hints: Hints<string> }) {
    this.#store = options.store;
    this.#hints = options.hints;
  }

  /**
   * Yields the values behind `after` at once, even where there are none, then new ones as they are stored, at
   * most four times a second. Where more than `maxPoints` of a series are new, they are reduced as `metrics` does.
   * Ends after the update that is `complete`, and when the job is deleted. Throws `NOT_FOUND` for an unknown job and
   * `BAD_USER_INPUT` for what is not a cursor.
   */
  follow(
    jobId: string,
    options: FollowMetricsOptions,
  ): AsyncGenerator<MetricUpdate, void, undefined> {
    const seen = options.after === null ? [] : parseCursor(options.after);
    return abortable((signal) => this.#follow(jobId, options, seen, signal));
  }

  async *#follow(
    jobId: string,
    { names, maxPoints, pace, turnMs }: FollowMetricsOptions,
    from: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<MetricUpdate, void, undefined> {
    if (!(await this.#store.jobs.get(jobId))) {
      throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
    }
    const woken = new Wakeup();
    using stack = new DisposableStack();
    stack.defer(this.#hints.listen(jobId, () => woken.wake()));
    const poll = setInterval(() => woken.wake(), pollMs);
    stack.defer(() => clearInterval(poll));
    let seen = from;
    let isFirst = true;
    while (!signal.aborted) {
      await pace.turn('stream', turnMs);
      // Before the values: those that come with the last lines are then among them.
      const { complete, total } = await this.#store.logs.head(jobId);
      const { series, counts } = await this.#store.logs.newMetrics(jobId, {
        names,
        maxPoints,
        seen,
      });
      seen = counts;
      if (isFirst || complete || series.length > 0) {
        yield { jobId, cursor: cursorOf(seen), series, complete };
      }
      isFirst = false;
      if (complete) return;
      if (total === 0 && !(await this.#store.jobs.get(jobId))) return;
      if (await waitMs(restMs, signal)) await woken.next(signal);
    }
  }
}

function cursorOf(counts: readonly number[]): string {
  return counts.length === 0 ? '0' : counts.join('.');
}

function parseCursor(cursor: string): number[] {
  if (/^\d{1,10}(?:\.\d{1,10}){0,63}$/.test(cursor)) return cursor.split('.').map(Number);
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `after is ${quote(cursor)}; it must be the cursor of an update, unaltered.`,
  );
}
