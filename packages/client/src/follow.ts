import type { Client } from 'graphql-ws/client';
import { abortable } from '../../../src/lib/async/abortable.ts';
import { Backoff } from '../../../src/lib/async/backoff.ts';
import { ask } from './ask.ts';
import { delay } from './delay.ts';
import { GraphError } from './errors.ts';
import type {
  LogEntriesFragment,
  LogFilter,
  LogPlaceFragment,
  LogTextFragment,
} from './generated/graphql.ts';
import { receive } from './receive.ts';
import { entriesShape, type PageShape, textShape } from './shapes.ts';

/** The most lines of a page that is read again. */
const maxRereadLines = 1000;

export interface FollowOptions {
  /** Of graphql-ws, with any settings; it may carry other operations, too. */
  client: Client;
  jobId: string;
  /** The first line; a negative one counts from the end: -50 is `tail -n 50 -f`. 0 where absent. */
  offset?: number;
  /** Only lines that pass. */
  filter?: LogFilter | null;
  /** With all that is known of each line, instead of its text alone. */
  entries?: boolean;
  /** Aborted, it ends the pages at once, as leaving the loop does. */
  signal?: AbortSignal;
  /** Waits between attempts, in milliseconds: doubled from `firstMs` (250) up to `maxMs` (30,000), with jitter. */
  retry?: { firstMs?: number; maxMs?: number };
  /** Told of each attempt that failed, and how long the wait for the next one is. */
  onRetry?: (failed: { error: GraphError; waitMs: number }) => void;
}

/**
 * The pages of a job's log from `offset` on, then as it grows: every line once and in order, whatever
 * happens to the connection. Ends after the page that is `complete`. What a gateway has dropped is read
 * again, what it repeats is dropped. Pulled: at most some 8 million characters wait for a slow reader.
 * Throws a `GraphError` where asking again is of no use (NOT_FOUND, BAD_USER_INPUT, UNAUTHENTICATED,
 * FORBIDDEN); retries all else until the signal is aborted or the reader leaves.
 */
export function followLog(
  options: FollowOptions & { entries: true },
): AsyncGenerator<LogEntriesFragment, void, undefined>;
export function followLog(
  options: FollowOptions & { entries?: false },
): AsyncGenerator<LogTextFragment, void, undefined>;
export function followLog(
  options: FollowOptions,
): AsyncGenerator<LogTextFragment | LogEntriesFragment, void, undefined> {
  return options.entries ? start(options, entriesShape) : start(options, textShape);
}

function start<Page extends LogPlaceFragment>(
  options: FollowOptions,
  shape: PageShape<Page>,
): AsyncGenerator<Page, void, undefined> {
  return abortable((left) => {
    const signal = options.signal ? AbortSignal.any([options.signal, left]) : left;
    return new Following(options, shape, signal).pages();
  });
}

/** One reader's way through one log. */
class Following<Page extends LogPlaceFragment> {
  readonly #options: FollowOptions;
  readonly #shape: PageShape<Page>;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  /** The line to go on with; negative until the first page tells where the end is. */
  #next: number;
  #begun = false;
  /** Why lines right before `next` were lost, as far as it was told. */
  #boundaryGaps: ReadonlySet<string> = new Set();

  constructor(options: FollowOptions, shape: PageShape<Page>, signal: AbortSignal) {
    const { firstMs = 250, maxMs = 30_000 } = options.retry ?? {};
    this.#options = options;
    this.#shape = shape;
    this.#signal = signal;
    this.#backoff = new Backoff({ firstMs, maxMs });
    this.#next = options.offset ?? 0;
  }

  async *pages(): AsyncGenerator<Page, void, undefined> {
    while (!this.#signal.aborted) {
      const from = this.#next;
      let failure: GraphError | null = null;
      try {
        for await (const page of this.#attempt()) {
          yield page;
          if (page.complete) return;
        }
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!(error instanceof GraphError) || error.definitive) throw error;
        failure = error;
      }
      if (this.#signal.aborted) return;
      const advanced = this.#next !== from;
      if (advanced) this.#backoff.reset();
      if (failure || !advanced) await this.#wait(failure ?? endedEarly());
    }
  }

  /** The pages of one subscription that bring something new, each beginning where the last one ended. */
  async *#attempt(): AsyncGenerator<Page, void, undefined> {
    const { client } = this.#options;
    const request = { shape: this.#shape, variables: this.#variables() };
    for await (const page of receive(client, request, this.#signal)) {
      while (this.#next >= 0 && this.#next < page.nextOffset && this.#next !== page.offset) {
        const missing = (this.#next < page.offset ? page.offset : page.nextOffset) - this.#next;
        yield this.#take(await this.#reread(missing));
      }
      const fits = this.#next < 0 || this.#next === page.offset;
      if (fits && this.#isNews(page)) yield this.#take(page);
    }
  }

  /** Lines from `next` on; in a filtered log, where lines are not counted, they may go beyond `missing`. */
  async #reread(missing: number): Promise<Page> {
    const { logs } = await ask(
      this.#options.client,
      {
        document: this.#shape.page,
        variables: { ...this.#variables(), limit: Math.min(missing, maxRereadLines) },
      },
      this.#signal,
    );
    if (logs.nextOffset > this.#next) return { ...logs, complete: logs.complete && !logs.hasMore };
    throw new GraphError('INTERNAL', `Line ${this.#next} cannot be read again.`, { cause: logs });
  }

  /** A gap between two pages is told with both of them by the server, but once here. */
  #take(page: Page): Page {
    const known = this.#boundaryGaps;
    const gaps = page.gaps.filter(
      ({ offset, reason }) => offset > page.offset || !known.has(reason),
    );
    const atEnd = page.gaps.filter(({ offset }) => offset === page.nextOffset);
    this.#boundaryGaps = new Set(atEnd.map(({ reason }) => reason));
    this.#next = page.nextOffset;
    this.#begun = true;
    return gaps.length === page.gaps.length ? page : { ...page, gaps };
  }

  /** The first page always is, even where it is empty: it tells what is known of the log. */
  #isNews(page: Page): boolean {
    return !this.#begun || page.nextOffset > page.offset || page.complete;
  }

  #variables() {
    const { jobId, filter } = this.#options;
    return { jobId, offset: this.#next, filter: filter ?? null };
  }

  async #wait(error: GraphError): Promise<void> {
    const waitMs = Math.max(this.#backoff.nextMs(), error.retryAfterMs);
    this.#options.onRetry?.({ error, waitMs });
    await delay(waitMs, this.#signal);
  }
}

function endedEarly(): GraphError {
  return new GraphError('DISCONNECTED', 'The stream ended before the log did.', { cause: null });
}
