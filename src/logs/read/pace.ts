import type { TurnKind, Turns } from '../../lib/async/turns.ts';

/** Pages of one connection's streams that are being read, or have not been taken by it yet. */
const maxPagesUnderWay = 2;

/**
 * The pace at which one connection is served: it waits for its turns among all connections, and what
 * its reader does not take is not read ahead, however many streams it has.
 */
export class Pace {
  readonly #turns: Turns;
  #pages = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Resolves when some milliseconds of work for this connection are due. */
  turn(kind: TurnKind): Promise<void> {
    return this.#turns.next(this, kind);
  }

  /** Resolves when another page may be read for a stream; `leave` is to be called when the page was taken. */
  enter(): Promise<void> | undefined {
    if (this.#pages < maxPagesUnderWay) {
      this.#pages += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#pages -= 1;
  }
}
