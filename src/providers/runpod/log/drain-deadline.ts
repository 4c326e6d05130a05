import { recent } from '../../../lib/recent.ts';

/** The least tries before a log is given up, because a server that was suspended has not tried meanwhile. */
const minTries = 5;

/** Decides when to give up the log of a container that has ended, because its rest cannot be read. */
export class DrainDeadlines {
  readonly #drainMs: number;
  readonly #jobs = recent<{ since: number; tries: number }>();

  constructor(options: { drainMs: number }) {
    this.#drainMs = options.drainMs;
  }

  /** Call this before each try. True where at least five tries over `drainMs` have brought nothing new. */
  isHopeless(jobId: string): boolean {
    const { since, tries } = this.#jobs.get(jobId) ?? { since: performance.now(), tries: 0 };
    this.#jobs.set(jobId, { since, tries: tries + 1 });
    return tries >= minTries && performance.now() - since >= this.#drainMs;
  }

  /** Starts over, because something new has come or the container runs. */
  goesOn(jobId: string): void {
    this.#jobs.delete(jobId);
  }
}
