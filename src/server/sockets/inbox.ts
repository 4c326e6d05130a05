import type { WebSocket } from 'ws';
import type { Pace } from '../../logs/read/pace.ts';
import { turnFor } from '../connections/operation-turn.ts';

/** How many messages of one socket may wait; beyond that, it is no longer read until they are taken. */
const maxWaiting = 16;

/** What it needs of a WebSocket. */
type InboxSocket = Pick<WebSocket, 'OPEN' | 'isPaused' | 'pause' | 'readyState' | 'resume'>;

/** Takes the messages of one socket in order, each in a turn of its own, however many its client has sent ahead. */
export class Inbox {
  readonly #socket: InboxSocket;
  readonly #pace: Pace;
  readonly #take: (message: string) => void;
  readonly #waiting: string[] = [];
  #isTaking = false;

  constructor(options: { socket: InboxSocket; pace: Pace; take: (message: string) => void }) {
    this.#socket = options.socket;
    this.#pace = options.pace;
    this.#take = options.take;
  }

  add(message: string): void {
    this.#waiting.push(message);
    // One read may bring a hundred messages at once, so this bound alone is not enough.
    if (this.#waiting.length >= maxWaiting) this.#socket.pause();
    if (!this.#isTaking) void this.#takeAll();
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      await turnFor(this.#pace, { chars: message.length, isStream: mayStream(message) });
      if (this.#socket.readyState === this.#socket.OPEN) this.#take(message);
      else this.#waiting.length = 0;
    }
    this.#isTaking = false;
    if (this.#socket.isPaused) this.#socket.resume();
  }
}

/** Whether an operation may begin a stream. A question that happens to hold the word waits with the streams. */
export function mayStream(text: string): boolean {
  return /\bsubscription\b/.test(text);
}
