import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { closedError, isBusy, translate } from './errors.ts';

export interface RetryOptions {
  /** The file, for messages. */
  path: string;
  /** How long in all; then it fails with `STORE_UNAVAILABLE`. */
  lockWaitMs: number;
  signal: AbortSignal;
}

/**
 * Runs synchronous database work at once and, where another process holds the lock, again after
 * short waits that leave the event loop free.
 */
export async function retryWhileLocked<T>(work: () => T, options: RetryOptions): Promise<T> {
  let locked: { since: number; backoff: Backoff } | undefined;
  for (;;) {
    if (options.signal.aborted) throw closedError(options.path);
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw translate(error, options.path);
      locked ??= { since: performance.now(), backoff: new Backoff({ firstMs: 5, maxMs: 50 }) };
      const waitedMs = performance.now() - locked.since;
      if (waitedMs >= options.lockWaitMs) throw translate(error, options.path);
    }
    await waitMs(locked.backoff.nextMs(), options.signal);
  }
}
