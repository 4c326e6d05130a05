import type { Duplex } from 'node:stream';

/**
 * Gathers what is written to any number of connections within one turn of the event loop, and hands it
 * to the system at the turn's end, one connection right after the other. Sent one by one between other
 * work, each page would put its reader to sleep and wake it up again, which costs more than the sending.
 */
export class WriteBatch {
  readonly #held = new Set<Duplex>();

  /** Holds back what is written to the connection until this turn ends. */
  hold(connection: Duplex): void {
    if (this.#held.has(connection)) return;
    if (this.#held.size === 0) setImmediate(() => this.#flush());
    connection.cork();
    this.#held.add(connection);
  }

  #flush(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const connection of held) connection.uncork();
  }
}
