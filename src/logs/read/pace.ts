import type { TurnKind, Turns } from '../../lib/async/turns.ts';

/**
 * The pace at which one connection is served. It takes turns with all other connections, and reads only one
 * page ahead of its reader, however many streams it has.
 */
export class Pace {
  readonly #turns: Turns;
  #isTaken = false;
  readonly #waiting = new Set<() => void>();

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Resolves when this connection may do some milliseconds of work; `expectedMs` is how many, as far as is known. */
  turn(kind: TurnKind, expectedMs = 0): Promise<void> {
    return this.#turns.next(this, kind, expectedMs);
  }

  /**
   * Resolves to true when the reader has taken the connection's last page, so that the next one may be read.
   * The caller must call `leave` when that page was taken. Resolves to false if the signal is aborted first.
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
