import type { WebSocket } from 'ws';

/** The most messages that may wait for one socket: replies to a client that asks and does not read. */
const maxWaiting = 300;

/**
 * Sends one message after the other: the next one is handed over only when the last one has left, so
 * a socket that is not read holds one message, and whoever waits for a send is slowed down with it.
 */
export class SocketSender {
  readonly #socket: WebSocket;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Resolves when the message has left, or the socket is closed. */
  send(message: string): Promise<void> {
    if (this.#waiting >= maxWaiting) {
      this.#socket.terminate();
      return Promise.resolve();
    }
    this.#waiting += 1;
    this.#last =
      this.#waiting === 1 ? this.#write(message) : this.#last.then(() => this.#write(message));
    return this.#last;
  }

  #write(message: string): Promise<void> {
    return new Promise((resolve) => {
      const sent = () => {
        this.#waiting -= 1;
        resolve();
      };
      if (this.#socket.readyState !== this.#socket.OPEN) sent();
      // An error here closes the socket, which says so itself.
      else this.#socket.send(message, sent);
    });
  }
}
