import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Turns } from '../../lib/async/turns.ts';
import { Pace } from '../../logs/read/pace.ts';

/** How many requests of one connection may wait behind the current one; beyond that, its socket is no longer read. */
const maxWaiting = 16;
/** How many requests may wait on all connections together: each takes a few kilobytes. */
const maxWaitingTogether = 10_000;

type Serve = (request: IncomingMessage, response: ServerResponse, pace: Pace) => Promise<void>;

interface Lane {
  readonly pace: Pace;
  readonly waiting: [IncomingMessage, ServerResponse][];
  busy: boolean;
  paused: boolean;
}

/**
 * Serves one request of a connection at a time, however many its client has sent ahead. The next one begins
 * when the answer before it has left. When a connection closes, its waiting requests are dropped.
 */
export class Lanes {
  readonly #turns: Turns;
  readonly #serve: Serve;
  readonly #lanes = new WeakMap<Socket, Lane>();
  #waiting = 0;

  /** `serve` never rejects. */
  constructor(turns: Turns, serve: Serve) {
    this.#turns = turns;
    this.#serve = serve;
  }

  enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const lane = this.#laneOf(socket);
    if (!lane.busy) {
      void this.#begin(lane, request, response);
      return;
    }
    lane.waiting.push([request, response]);
    this.#waiting += 1;
    // One read may bring a thousand requests at once, so this bound alone is not enough.
    if (lane.waiting.length > maxWaiting) {
      lane.paused = true;
      socket.pause();
    }
    if (this.#waiting > maxWaitingTogether) socket.destroy();
  }

  #laneOf(socket: Socket): Lane {
    const known = this.#lanes.get(socket);
    if (known) return known;
    const lane: Lane = { pace: new Pace(this.#turns), waiting: [], busy: false, paused: false };
    this.#lanes.set(socket, lane);
    socket.once('close', () => {
      this.#waiting -= lane.waiting.length;
      lane.waiting.length = 0;
    });
    return lane;
  }

  async #begin(lane: Lane, request: IncomingMessage, response: ServerResponse): Promise<void> {
    lane.busy = true;
    response.once('close', () => this.#ended(lane, request.socket));
    if (!request.socket.destroyed) await this.#serve(request, response, lane.pace);
  }

  #ended(lane: Lane, socket: Socket): void {
    lane.busy = false;
    const next = lane.waiting.shift();
    if (next) {
      this.#waiting -= 1;
      void this.#begin(lane, ...next);
    }
    if (lane.paused && lane.waiting.length === 0) {
      lane.paused = false;
      socket.resume();
    }
  }
}
