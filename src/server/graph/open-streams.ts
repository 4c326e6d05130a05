import type { ServerResponse } from 'node:http';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../lib/system/logger.ts';

/** What a reader of server-sent events finds at the end of a stream that was not over; parsers skip it. */
const farewell = ': The server restarts. Resume from the last nextOffset.\n\n';

/** Answers under way, so that streams among them can be ended when the server closes. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #responses = new Set<ServerResponse>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(response: ServerResponse): void {
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    // Whoever writes a stream may have one more piece to write when it has been ended.
    response.on('error', (error) => {
      this.#logger.debug({}, `an answer was not sent to its end: ${messageOf(error)}`);
    });
  }

  /** Ends what has begun to stream without saying that it is complete: its reader is to come back. */
  end(): void {
    for (const response of this.#responses) {
      if (!response.headersSent || response.writableEnded) continue;
      const isEvents = String(response.getHeader('content-type')).startsWith('text/event-stream');
      if (isEvents) response.write(farewell);
      response.end();
      response.socket?.destroySoon();
    }
  }
}
