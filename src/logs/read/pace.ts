import type { TurnKind, Turns } from '../../lib/async/turns.ts';

/**
 * The pace at which one connection is served: it waits for its turns among all connections, and what
 * its reader does not take is not read ahead, however many streams it has.
 */
export class Pace {
  readonly #turns: Turns;
  #isTaken = false;
  readonly #waiting = new Set<() => void>();

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Resolves when some milliseconds of work for this connection are due. */
  turn(kind: TurnKind): Promise<void> {
    return this.#turns.next(this, kind);
  }

  /**
   * Resolves to true when a page may be read for a stream, for they go one after the other: the last
   * one was taken; `leave` is to be called when this one was. To false where the signal is aborted meanwhile.
   */
  enter(signal: AbortSignal): Promise<boolean> | true {
    if (!this.#isTaken) {
      this.#isTaken = true;
      return true;
    }
    return new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = () => {
        this.#waiting.delete(enter);
        resolve(false);
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    this.#isTaken = next !== undefined;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next();
  }
}
