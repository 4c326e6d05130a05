import { recent } from '../../../lib/recent.ts';

/** A server that was suspended has not tried meanwhile: the time alone does not count without so many tries. */
const minTries = 5;

/** How long it has been tried in vain to read the rest of which logs, once their containers have ended. */
export class DrainDeadlines {
  readonly #drainMs: number;
  readonly #jobs = recent<{ since: number; tries: number }>();

  constructor(options: { drainMs: number }) {
    this.#drainMs = options.drainMs;
  }

  /** To be asked before each try; true where nothing new has come for so long that nothing will. */
  isHopeless(jobId: string): boolean {
    const { since, tries } = this.#jobs.get(jobId) ?? { since: performance.now(), tries: 0 };
    this.#jobs.set(jobId, { since, tries: tries + 1 });
    return tries >= minTries && performance.now() - since >= this.#drainMs;
  }

  /** Something new has come, or the container runs. */
  goesOn(jobId: string): void {
    this.#jobs.delete(jobId);
  }
}
