import type { Duplex } from 'node:stream';

/**
 * Holds back what is written to any number of connections within one turn of the event loop, and hands it to
 * the operating system at the turn's end, one connection right after the other. Pages that are sent one by one
 * between other work would put their readers to sleep and wake them again, which costs more than the sending.
 */
export class WriteBatch {
  readonly #held = new Set<Duplex>();

  /** Holds back writes to the connection until this turn ends. */
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
