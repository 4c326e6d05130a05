import type { IncomingMessage } from 'node:http';

/** How much of all requests' bodies may be in memory before their turn has come, in bytes. */
const maxTogether = 64 * 1024 * 1024;

interface Held {
  bytes: number;
  drop: () => void;
}

/**
 * Holds the bodies of requests until their turn has come. Where they take more than `maxBytes` together, the
 * connection whose body has been under way for the longest is dropped: one that arrives in good time is not.
 */
export class Bodies {
  readonly #most: number;
  /** The oldest first. */
  readonly #held = new Set<Held>();
  #bytes = 0;

  constructor(options: { maxBytes?: number } = {}) {
    this.#most = options.maxBytes ?? maxTogether;
  }

  /** How much is held now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Reads a body and waits for its turn; null where it has more than `maxBytes`, which are then not read.
   * Rejects where the connection ends before.
   */
  async read(
    request: IncomingMessage,
    { maxBytes, turn }: { maxBytes: number; turn: (bytes: number) => Promise<void> },
  ): Promise<string | null> {
    const chunks: Buffer[] = [];
    const held = {
      bytes: 0,
      drop: () => {
        chunks.length = 0;
        this.#release(held);
        request.socket.destroy();
      },
    };
    this.#held.add(held);
    try {
      let isWhole = Number(request.headers['content-length'] ?? 0) <= maxBytes;
      for await (const chunk of isWhole ? request.iterator({ destroyOnReturn: false }) : []) {
        this.#add(held, chunk.length);
        isWhole = held.bytes <= maxBytes;
        if (!isWhole) break;
        chunks.push(chunk);
      }
      await turn(held.bytes);
      return isWhole ? Buffer.concat(chunks).toString() : null;
    } finally {
      this.#release(held);
    }
  }

  #add(held: Held, bytes: number): void {
    if (!this.#held.has(held)) return;
    held.bytes += bytes;
    this.#bytes += bytes;
    for (const oldest of this.#held) {
      if (this.#bytes <= this.#most) return;
      oldest.drop();
    }
  }

  #release(held: Held): void {
    if (this.#held.delete(held)) this.#bytes -= held.bytes;
  }
}
