import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Unsent } from '../connections/unsent.ts';
import type { SharedMessage } from './payload.ts';
import { textFrame } from './text-frame.ts';
import type { WriteBatch } from './write-batch.ts';

/** The most messages that may wait for one socket; a client that asks without reading its answers reaches it. */
const maxWaiting = 300;
/** The most text that may wait for one socket, in UTF-16 units (shared messages: in bytes), before it is closed. */
const maxWaitingSize = 32 * 1024 * 1024;
/** How long a socket may take to close in an orderly way, in milliseconds: a client that does not read never does. */
const farewellMs = 1000;
/** The close code for a client that asks too much: 4429, as in graphql-transport-ws. */
export const tooManyRequests = 4429;

/**
 * Sends one message after the other. It writes a message only when the one before has left, so whoever awaits
 * `send` is as slow as the socket. It ends a socket for which too much waits.
 */
export class SocketSender {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;
  readonly #writes: WriteBatch;
  readonly #unsent: Unsent;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingSize = 0;

  /** `connection` is the stream that the WebSocket writes to. */
  constructor(
    socket: WebSocket,
    options: { connection: Duplex; writes: WriteBatch; unsent: Unsent },
  ) {
    this.#socket = socket;
    this.#connection = options.connection;
    this.#writes = options.writes;
    this.#unsent = options.unsent;
  }

  /** Whether something waits to be sent. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
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
    const before = this.#last;
    this.#last = new Promise((resolve) => {
      const done = () => {
        this.#waiting -= 1;
        this.#waitingSize -= size;
        release();
        resolve();
      };
      if (this.#waiting === 1) this.#write(message, done);
      else void before.then(() => this.#write(message, done));
    });
    return this.#last;
  }

  #write(message: string | SharedMessage, done: () => void): void {
    // A send to a closing socket resolves only when the socket is closed. A sender that got through
    // sooner would take this for a fast socket, and run through a whole log without letting others in.
    if (this.#socket.readyState === this.#socket.CLOSED) done();
    else if (this.#socket.readyState !== this.#socket.OPEN) this.#socket.once('close', done);
    else this.#send(message, done);
  }

  /** An error while sending closes the socket, whose `close` event says so. */
  #send(message: string | SharedMessage, sent: () => void): void {
    this.#writes.hold(this.#connection);
    if (typeof message === 'string') {
      this.#socket.send(message, sent);
      return;
    }
    // Past ws, which would copy the shared part for each socket, or send two fragments, which each reader
    // has to put together: with 1000 viewers that takes a third of what is delivered.
    const [start, rest] = textFrame(message);
    this.#connection.write(start);
    this.#connection.write(rest, sent);
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
