import type { WebSocket } from 'ws';

/** The most bytes that may wait to be sent to a client that wants its pings answered. */
const maxUnreadBytes = 4 * 1024 * 1024;

export interface KeepAliveOptions {
  /** Between two pings, in milliseconds; who has not answered by the next is ended. */
  everyMs: number;
  /** False: the client has said too much, and its ping or pong is not heard. */
  mayGoOn: () => boolean;
}

/** Pings a socket, so that silence is told from death, and answers its pings; returns how to stop. */
export function keepAlive(socket: WebSocket, { everyMs, mayGoOn }: KeepAliveOptions): () => void {
  let answered = true;
  socket.on('pong', () => {
    if (mayGoOn()) answered = true;
  });
  socket.on('ping', (data) => {
    if (!mayGoOn()) return;
    // Pings that are never read back must not fill the memory.
    if (socket.bufferedAmount > maxUnreadBytes) socket.terminate();
    else socket.pong(data);
  });
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, everyMs);
  return () => clearInterval(timer);
}

/** Counts messages a second. */
export class MessageBudget {
  readonly #perSecond: number;
  #second = 0;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** False where this one is one too many. */
  take(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#perSecond;
  }
}
