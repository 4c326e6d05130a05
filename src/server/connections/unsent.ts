/** How much may wait to be sent on all connections together, in bytes. */
const maxTogether = 128 * 1024 * 1024;

export interface Piece {
  bytes: number;
  /** The object that holds the bytes, where many connections send it: its memory counts once. */
  shared?: object;
  /** Gives up the piece and closes its connection. */
  drop: () => void;
}

interface Held extends Piece {
  since: number;
}

/**
 * Counts the bytes that were handed to any connection and have not left yet. Where there are too many, it
 * drops the connection whose piece has the largest product of bytes and waiting time, so that readers who
 * keep up are never dropped.
 */
export class Unsent {
  readonly #most: number;
  readonly #held = new Set<Held>();
  /** How many pieces hold each shared object. */
  readonly #shared = new Map<object, number>();
  #bytes = 0;

  constructor(options: { maxBytes?: number } = {}) {
    this.#most = options.maxBytes ?? maxTogether;
  }

  /** How much waits now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a piece until the returned function is called. */
  hold(piece: Piece): () => void {
    const held = { ...piece, since: performance.now() };
    this.#held.add(held);
    if (this.#holders(piece, 1) <= 1) this.#bytes += piece.bytes;
    while (this.#bytes > this.#most && this.#held.size > 1) this.#dropWorst();
    return () => this.#release(held);
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) return;
    if (this.#holders(held, -1) === 0) this.#bytes -= held.bytes;
  }

  /** How many pieces hold the shared object after this step. A piece that is not shared has one holder, then none. */
  #holders({ shared }: Piece, step: 1 | -1): number {
    if (shared === undefined) return step === 1 ? 1 : 0;
    const count = (this.#shared.get(shared) ?? 0) + step;
    if (count === 0) this.#shared.delete(shared);
    else this.#shared.set(shared, count);
    return count;
  }

  #dropWorst(): void {
    const now = performance.now();
    let worst: Held | null = null;
    let most = -1;
    for (const held of this.#held) {
      const weight = held.bytes * (now - held.since);
      if (weight > most) [worst, most] = [held, weight];
    }
    if (!worst) return;
    this.#release(worst);
    worst.drop();
  }
}
