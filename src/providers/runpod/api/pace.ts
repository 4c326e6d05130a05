import { TrainyardError } from '../../../core/errors.ts';
import { waitMs } from '../../../lib/async/wait.ts';
import type { Answer } from '../../http/answer.ts';
import { Shared } from '../../http/shared.ts';

/** How many calls of a window each kind of call leaves to the more urgent kinds. */
const reserves = { caller: 0, status: 5, log: 10 } as const;

/** What a call is for: a caller who waits, a round of status reports, or opening a log. */
export type Asker = keyof typeof reserves;

/** While a window has more calls to spare than this, no call waits. */
const plenty = 20;

interface Window {
  left: number;
  /** By the monotonic clock (`performance.now()`). */
  resetsAt: number;
}

/** What is known of an account's limits. */
export class Account {
  windows: readonly Window[] = [];
  /** Until when no call may be made, and when the last one was, by the monotonic clock. */
  quietUntil = 0;
  lastAt = 0;
}

/** The accounts of this server, by address and key: providers with the same key have one budget. */
export const accounts = new Shared(() => new Account());

/**
 * Keeps all calls of one account within the limits of RunPod's `RateLimit` header. When a window is nearly used up,
 * its last calls are spread over the rest of its time. After a 429 no call is made until its Retry-After is over.
 */
export class Pace {
  readonly #provider: string;
  readonly #account: Account;

  /** `provider` is named in errors. */
  constructor(provider: string, account = new Account()) {
    this.#provider = provider;
    this.#account = account;
  }

  /**
   * Resolves when the call may be made, and counts it. A call for a `caller` never waits: it throws `RATE_LIMITED`
   * where no call is left. After a 429 every call does. Rejects with the signal.
   */
  async take(asker: Asker, task: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const restMs = this.#restMs(asker);
      if (restMs <= 0) break;
      const quiet = this.#account.quietUntil > performance.now();
      if (quiet || asker === 'caller') throw this.#refusal(task, restMs);
      await waitMs(restMs, signal);
    }
    this.#account.lastAt = performance.now();
    for (const window of this.#account.windows) window.left -= 1;
  }

  /** Reads the windows from an answer's headers. */
  heed({ headers }: Pick<Answer, 'headers'>): void {
    const header = headers.ratelimit;
    if (typeof header !== 'string') return;
    const now = performance.now();
    this.#account.windows = [...header.matchAll(/;\s*r=(\d{1,9})\s*;\s*t=(\d{1,9})/g)].map(
      ([, left, seconds]) => ({ left: Number(left), resetsAt: now + Number(seconds) * 1000 }),
    );
  }

  /** Lets no call be made for this long. */
  quiet(retryAfterMs: number): void {
    this.#account.quietUntil = Math.max(this.#account.quietUntil, performance.now() + retryAfterMs);
  }

  #restMs(asker: Asker): number {
    const now = performance.now();
    const waits = this.#account.windows.map(({ left, resetsAt }) => {
      const spare = left - reserves[asker];
      if (resetsAt <= now || spare > plenty) return 0;
      if (spare <= 0) return resetsAt - now;
      if (asker === 'caller') return 0;
      return this.#account.lastAt + (resetsAt - now) / spare - now;
    });
    return Math.ceil(Math.max(this.#account.quietUntil - now, ...waits, 0));
  }

  #refusal(task: string, restMs: number): TrainyardError {
    const message = `Provider ${this.#provider} could not ${task}: RunPod's rate limit allows no requests for another ${Math.ceil(restMs / 1000)} s`;
    return new TrainyardError('RATE_LIMITED', message, { retryAfterMs: restMs });
  }
}
