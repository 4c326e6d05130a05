import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SharedMessage } from './payload.ts';
import { textFrame } from './text-frame.ts';
import type { WriteBatch } from './write-batch.ts';

/** The most messages that may wait for one socket: replies to a client that asks and does not read. */
const maxWaiting = 300;
/** The most that may wait for one socket behind the message that is being sent, in UTF-16 units or bytes. */
const maxWaitingSize = 32 * 1024 * 1024;

/**
 * Sends one message after the other: the next one is handed over only when the last one has left, so
 * whoever waits for a send is slowed down with the socket. One that lets too much wait is ended.
 */
export class SocketSender {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #writes: WriteBatch;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingSize = 0;

  /** `connection` is what the WebSocket itself writes to. */
  constructor(socket: WebSocket, options: { connection: Duplex; writes: WriteBatch }) {
    this.#socket = socket;
    this.#connection = options.connection;
    this.#writes = options.writes;
  }

  /** Resolves when the message has left, or the socket is closed. */
  send(message: string | SharedMessage): Promise<void> {
    if (this.#waiting >= maxWaiting || this.#waitingSize > maxWaitingSize) {
      this.#socket.terminate();
      return Promise.resolve();
    }
    this.#waiting += 1;
    this.#waitingSize += sizeOf(message);
    this.#last =
      this.#waiting === 1 ? this.#write(message) : this.#last.then(() => this.#write(message));
    return this.#last;
  }

  #write(message: string | SharedMessage): Promise<void> {
    return new Promise((resolve) => {
      const sent = () => {
        this.#waiting -= 1;
        this.#waitingSize -= sizeOf(message);
        resolve();
      };
      // Whoever waits for a socket that is about to close is let go when it has, and not before: it
      // would take that for speed, and go through a whole log without ever letting others in.
      if (this.#socket.readyState === this.#socket.CLOSED) sent();
      else if (this.#socket.readyState !== this.#socket.OPEN) this.#socket.once('close', sent);
      else this.#send(message, sent);
    });
  }

  /** An error here closes the socket, which says so itself. */
  #send(message: string | SharedMessage, sent: () => void): void {
    this.#writes.hold(this.#connection);
    if (typeof message === 'string') this.#socket.send(message, sent);
    else {
      const [start, rest] = textFrame(message);
      this.#connection.write(start);
      this.#connection.write(rest, sent);
    }
  }
}

function sizeOf(message: string | SharedMessage): number {
  return typeof message === 'string' ? message.length : message.tail.length;
}
