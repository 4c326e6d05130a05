import { TrainyardError } from '../../../core/errors.ts';
import { waitMs } from '../../../lib/async/wait.ts';
import type { Answer } from '../../http/answer.ts';

/**
 * Who asks: somebody who waits for the answer, a round of status, or a log that is opened. The later
 * ones leave calls to the earlier ones.
 */
const reserves = { caller: 0, status: 5, log: 10 } as const;
export type Asker = keyof typeof reserves;

/** With more calls to spare than these nobody has to wait. */
const plenty = 20;

interface Window {
  left: number;
  /** By `performance.now()`. */
  resetsAt: number;
}

/**
 * Keeps all calls of one account inside the limits that RunPod states in its `RateLimit` header: what
 * is left of a nearly used window is spread over its rest. After a 429 nobody calls before its
 * Retry-After.
 */
export class Pace {
  readonly #provider: string;
  #windows: readonly Window[] = [];
  #quietUntil = 0;
  #lastAt = 0;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /**
   * Resolves when the call may leave, and counts it. A caller does not wait: it gets `RATE_LIMITED`
   * where nothing is left, as everybody does after a 429. Rejects with the signal.
   */
  async take(asker: Asker, task: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const restMs = this.#restMs(asker);
      if (restMs <= 0) break;
      const quiet = this.#quietUntil > performance.now();
      if (quiet || asker === 'caller') throw this.#refusal(task, restMs);
      await waitMs(restMs, signal);
    }
    this.#lastAt = performance.now();
    for (const window of this.#windows) window.left -= 1;
  }

  /** Learns from an answer's headers. */
  heed({ headers }: Pick<Answer, 'headers'>): void {
    const header = headers.ratelimit;
    if (typeof header !== 'string') return;
    const now = performance.now();
    this.#windows = [...header.matchAll(/;\s*r=(\d{1,9})\s*;\s*t=(\d{1,9})/g)].map(
      ([, left, seconds]) => ({ left: Number(left), resetsAt: now + Number(seconds) * 1000 }),
    );
  }

  /** Nobody calls for so long. */
  quiet(retryAfterMs: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, performance.now() + retryAfterMs);
  }

  #restMs(asker: Asker): number {
    const now = performance.now();
    const waits = this.#windows.map(({ left, resetsAt }) => {
      const spare = left - reserves[asker];
      if (resetsAt <= now || spare > plenty) return 0;
      if (spare <= 0) return resetsAt - now;
      if (asker === 'caller') return 0;
      return this.#lastAt + (resetsAt - now) / spare - now;
    });
    return Math.ceil(Math.max(this.#quietUntil - now, ...waits, 0));
  }

  #refusal(task: string, restMs: number): TrainyardError {
    const message = `Provider ${this.#provider} could not ${task}: RunPod's rate limit allows no requests for another ${Math.ceil(restMs / 1000)} s`;
    return new TrainyardError('RATE_LIMITED', message, { retryAfterMs: restMs });
  }
}
