import type { GraphError } from '@trainyard/client';
import type { JobView } from '../follow/job-view.ts';
import { formatSeconds } from '../screen/duration.ts';

/** Without a connection for so long, following ends. */
const maxOfflineMs = 15 * 60_000;

/** Tells the reader when the server is lost and found again, and when there is no more hope. */
export class Connection {
  readonly #view: Pick<JobView, 'remark'>;
  readonly #giveUp: () => void;
  #lostAt: number | null = null;
  #givenUp: GraphError | null = null;

  constructor(view: Pick<JobView, 'remark'>, giveUp: () => void) {
    this.#view = view;
    this.#giveUp = giveUp;
  }

  /** Why it was given up; null while there is hope. */
  get givenUp(): GraphError | null {
    return this.#givenUp;
  }

  /** An attempt has failed, and the next one is made after `waitMs`. */
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

  found(): void {
    if (this.#lostAt !== null) this.#view.remark(null);
    this.#lostAt = null;
  }
}
