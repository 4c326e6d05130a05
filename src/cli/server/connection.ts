import type { GraphError } from '@trainyard/client';
import type { JobView } from '../follow/job-view.ts';
import { formatSeconds } from '../screen/duration.ts';

/** Following ends when the connection has been lost for this long. */
const maxOfflineMs = 15 * 60_000;

/** Shows when the connection is lost and found again, and gives up after 15 minutes without one. */
export class Connection {
  readonly #view: Pick<JobView, 'remark'>;
  readonly #giveUp: () => void;
  #lostAt: number | null = null;
  #givenUp: GraphError | null = null;

  constructor(view: Pick<JobView, 'remark'>, giveUp: () => void) {
    this.#view = view;
    this.#giveUp = giveUp;
  }

  /** The last error of a connection that was given up; null until then. */
  get givenUp(): GraphError | null {
    return this.#givenUp;
  }

  /** Call this after each attempt to connect that failed, with the time until the next one. */
  lost(error: GraphError, waitMs: number): void {
    const now = performance.now();
    const next = `Trying again${waitMs < 1000 ? '' : ` in ${formatSeconds(waitMs / 1000)}`}.`;
    this.#view.remark(
      this.#lostAt === null
        ? `${error.code}: ${error.message} ${next}`
        : `No connection for ${formatSeconds((now - this.#lostAt) / 1000)}. ${next}`,
    );
    this.#lostAt ??= now;
    if (now - this.#lostAt < maxOfflineMs) return;
    this.#givenUp = error;
    this.#giveUp();
  }

  /** Call this when the connection stands. */
  found(): void {
    if (this.#lostAt !== null) this.#view.remark(null);
    this.#lostAt = null;
  }
}
