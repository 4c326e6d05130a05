import type { GraphError } from '@trainyard/client';
import type { JobView } from '../follow/job-view.ts';

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

  lost(error: GraphError): void {
    const now = performance.now();
    if (this.#lostAt === null) this.#view.remark(`${error.code}: ${error.message} Trying again.`);
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
