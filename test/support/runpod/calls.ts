import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Changes } from './changes.ts';

/** One call, as it came and as it was answered; without the key that it brought. */
export interface Call {
  method: string;
  /** With the query. */
  path: string;
  lastEventId: string | null;
  /** Who calls, in the caller's own words. */
  userAgent: string | null;
  /** The parsed JSON of a POST. */
  body: unknown;
  /** The bearer token was accepted. */
  authorized: boolean;
  /** Null while the answer is not over, and where there was none. */
  status: number | null;
  /** Milliseconds since 1970. */
  at: number;
}

const maxCalls = 1000;

/** The newest calls, of which it keeps 1000. */
export class CallRecord {
  readonly newest: Call[] = [];
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  add({ method = '', url = '', headers }: IncomingMessage): Call {
    const lastEventId = headers['last-event-id']?.toString() ?? null;
    const call: Call = {
      method,
      path: url,
      lastEventId,
      userAgent: headers['user-agent'] ?? null,
      body: null,
      authorized: false,
      status: null,
      at: Date.now(),
    };
    if (this.newest.length === maxCalls) this.newest.shift();
    this.newest.push(call);
    this.#changes.notify();
    return call;
  }

  /** The answer is out, or the connection is gone before it. */
  ended(call: Call, response: ServerResponse): void {
    if (response.headersSent) call.status = response.statusCode;
    this.#changes.notify();
  }
}
