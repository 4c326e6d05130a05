import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Unsent } from '../connections/unsent.ts';
import type { SharedMessage } from './payload.ts';
import type { WriteBatch } from './write-batch.ts';

/** The most messages that may wait for one socket: replies to a client that asks and does not read. */
const maxWaiting = 300;
/** The most that may wait for one socket behind the message that is being sent, in UTF-16 units or bytes. */
const maxWaitingSize = 32 * 1024 * 1024;
/** How long a socket that is let go may take to hear of it, in milliseconds: one that does not read never will. */
const farewellMs = 1000;
/** Says what became of a socket that asked too much; 4429 as in graphql-transport-ws. */
export const tooManyRequests = 4429;

/**
 * Sends one message after the other: the next one is handed over only when the last one has left, so
 * whoever waits for a send is slowed down with the socket. One that lets too much wait is ended.
 */
export class SocketSender {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #writes: WriteBatch;
  readonly #unsent: Unsent;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingSize = 0;

  /** `connection` is what the WebSocket itself writes to. */
  constructor(
    socket: WebSocket,
    options: { connection: Duplex; writes: WriteBatch; unsent: Unsent },
  ) {
    this.#socket = socket;
    this.#connection = options.connection;
    this.#writes = options.writes;
    this.#unsent = options.unsent;
  }

  /** Resolves when nothing waits to be sent any more, or the socket is closed. */
  async drained(): Promise<void> {
    while (this.#waiting > 0) await this.#last;
  }

  /** Resolves when the message has left, or the socket is closed. */
  send(message: string | SharedMessage): Promise<void> {
    if (this.#waiting >= maxWaiting || this.#waitingSize > maxWaitingSize) {
      this.#socket.terminate();
      return Promise.resolve();
    }
    const size = sizeOf(message);
    const shared = typeof message === 'string' ? {} : { shared: message.tail };
    const release = this.#unsent.hold({ bytes: size, ...shared, drop: () => this.#letGo() });
    this.#waiting += 1;
    this.#waitingSize += size;
    const sent = () => {
      this.#waiting -= 1;
      this.#waitingSize -= size;
      release();
    };
    this.#last =
      this.#waiting === 1
        ? this.#write(message, sent)
        : this.#last.then(() => this.#write(message, sent));
    return this.#last;
  }

  #write(message: string | SharedMessage, sent: () => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        sent();
        resolve();
      };
      // Whoever waits for a socket that is about to close is let go when it has, and not before: it
      // would take that for speed, and go through a whole log without ever letting others in.
      if (this.#socket.readyState === this.#socket.CLOSED) done();
      else if (this.#socket.readyState !== this.#socket.OPEN) this.#socket.once('close', done);
      else this.#send(message, done);
    });
  }

  /** An error here closes the socket, which says so itself. */
  #send(message: string | SharedMessage, sent: () => void): void {
    this.#writes.hold(this.#connection);
    if (typeof message === 'string') {
      this.#socket.send(message, sent);
      return;
    }
    // Two fragments of one message: what many sockets get alike is not copied for each.
    this.#socket.send(message.head, { binary: false, fin: false });
    this.#socket.send(message.tail, { binary: false, fin: true }, sent);
  }

  #letGo(): void {
    this.#socket.close(tooManyRequests, 'Too much waits to be read: resume from the last page');
    const impatience = setTimeout(() => this.#socket.terminate(), farewellMs);
    this.#socket.once('close', () => clearTimeout(impatience));
  }
}

function sizeOf(message: string | SharedMessage): number {
  return typeof message === 'string' ? message.length : message.tail.length;
}
