import type { ServerResponse } from 'node:http';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../lib/system/logger.ts';

/** The last bytes of a stream of server-sent events that the server cuts: a comment, which parsers skip. */
const farewell = ': The server restarts. Resume from the last nextOffset.\n\n';

/** The answers that are being sent, so that their streams can be ended when the server closes. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #responses = new Set<ServerResponse>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(response: ServerResponse): void {
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    // A stream's writer may write one more piece after the stream was ended.
    response.on('error', (error) => {
      this.#logger.debug({}, `an answer was not sent to its end: ${messageOf(error)}`);
    });
  }

  /** Ends all streams without an event `complete`, so that their readers come back. */
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
