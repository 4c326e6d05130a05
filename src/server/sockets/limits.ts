import type { WebSocket } from 'ws';

/** A client's pings are answered only while no more bytes than this wait to be sent to it. */
const maxUnreadBytes = 4 * 1024 * 1024;

export interface KeepAliveOptions {
  /** Milliseconds between two pings. A client that has neither answered nor sent anything else by the next ping is disconnected. */
  everyMs: number;
  /** False where the client has sent too many messages, so that its ping or pong is ignored. */
  mayGoOn: () => boolean;
}

/** Pings a socket, to tell a quiet client from a dead one, and answers its pings. Returns the function that stops it. */
export function keepAlive(socket: WebSocket, { everyMs, mayGoOn }: KeepAliveOptions): () => void {
  let answered = true;
  const hear = () => {
    answered = true;
  };
  // Whoever sends a message is there, too; its pong may wait behind messages that are not read yet.
  socket.on('message', hear);
  socket.on('pong', () => {
    if (mayGoOn()) hear();
  });
  socket.on('ping', (data) => {
    if (!mayGoOn()) return;
    // Pings that are never read back must not fill the memory.
    if (socket.bufferedAmount > maxUnreadBytes) socket.terminate();
    else socket.pong(data);
  });
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    answered = socket.isPaused;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, everyMs);
  return () => clearInterval(timer);
}

/** Counts the messages of each second. */
export class MessageBudget {
  readonly #perSecond: number;
  #second = 0;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts one message; false where it is one too many for this second. */
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
