import { messageOf, TrainyardError } from '../../core/errors.ts';
import type { Logger } from '../../lib/system/logger.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { openEventStream } from './event-stream.ts';

const maxStreams = 256;

/** The open event streams of a server. Their number is bounded, and closing ends them all. */
export class EventStreams {
  readonly #open = new Set<AsyncGenerator<Uint8Array, void>>();
  readonly #options: { jobs: Jobs; heartbeatMs: number; logger: Pick<Logger, 'warn'> };

  constructor(options: { jobs: Jobs; heartbeatMs: number; logger: Pick<Logger, 'warn'> }) {
    this.#options = options;
  }

  /** Answers with a job's log as events. Fails with `RATE_LIMITED` if 256 streams are open. */
  open(id: string, offset: number): Response {
    if (this.#open.size >= maxStreams) {
      throw new TrainyardError('RATE_LIMITED', `${maxStreams} streams are open already`);
    }
    const { jobs, heartbeatMs } = this.#options;
    const events = openEventStream({ jobs, id, offset, heartbeatMs });
    return new Response(this.#body(id, events), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'transfer-encoding': 'chunked', // makes the adaptor send every piece at once
      },
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#open].map((events) => events.return()));
  }

  #body(id: string, events: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
    const source: UnderlyingDefaultSource<Uint8Array> = {
      pull: async (controller) => {
        this.#open.add(events); // only now: the body of an answer to HEAD is never pulled
        const { value, done } = await this.#next(id, events);
        if (!done) return controller.enqueue(value);
        this.#open.delete(events);
        controller.close();
      },
      cancel: async () => {
        this.#open.delete(events);
        await events.return();
      },
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  /** If the stream fails, it ends without an `end` event, and its reader opens another one. */
  async #next(id: string, events: AsyncGenerator<Uint8Array, void>) {
    try {
      return await events.next();
    } catch (error) {
      const facts = { job: id, error: messageOf(error) };
      this.#options.logger.warn(facts, "a stream of a job's log failed");
      return { value: undefined, done: true } as const;
    }
  }
}
