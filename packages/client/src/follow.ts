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

/** The most lines of a page that is requested again. */
const maxRereadLines = 1000;

export interface FollowOptions {
  /** A client of graphql-ws, with any settings. It may carry other operations, too. */
  client: Client;
  jobId: string;
  /** The number of the first line, 0 by default. A negative one counts from the end: -50 is `tail -n 50 -f`. */
  offset?: number;
  /** Yields only lines that pass this filter. */
  filter?: LogFilter | null;
  /** True for pages with `entries`, which tell everything about each line; false for `lines`, the text alone. */
  entries?: boolean;
  /** Ends the pages at once when it is aborted, as leaving the loop does. */
  signal?: AbortSignal;
  /** The waits between attempts, in milliseconds: from `firstMs` (250), doubled up to `maxMs` (30,000), with jitter. */
  retry?: { firstMs?: number; maxMs?: number };
  /** Called after each attempt that failed, with the time until the next one. */
  onRetry?: (failed: { error: GraphError; waitMs: number }) => void;
}

/**
 * Yields a job's log in pages, from `offset` on and then as it grows. Every line comes once and in order, whatever
 * happens to the connection: lines that a gateway dropped are requested again, and repeated ones are left out. Ends
 * after the page that is `complete`. At most some 8 million characters wait for a slow reader. Throws a `GraphError`
 * where another try would fail in the same way (see `GraphError.definitive`). Retries after all other errors, until
 * the signal is aborted or the reader leaves.
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

/** One reader's progress through one log. */
class Following<Page extends LogPlaceFragment> {
  readonly #options: FollowOptions;
  readonly #shape: PageShape<Page>;
  readonly #signal: AbortSignal;
  readonly #backoff: Backoff;
  /** The number of the next line. A negative offset stays here until the first page comes. */
  #next: number;
  #begun = false;
  /** The reasons of the gaps right before `next` that were yielded already. */
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

  /** The pages of one subscription that are new to the reader. Each begins where the last one ended. */
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

  /** Requests lines from `next` on. With a filter the page may go beyond the `missing` lines. */
  async #reread(missing: number): Promise<Page> {
    const { logs } = await ask(
      this.#options.client,
      {
        query: this.#shape.page,
        variables: { ...this.#variables(), limit: Math.min(missing, maxRereadLines) },
      },
      this.#signal,
    );
    if (logs && logs.nextOffset > this.#next)
      return { ...logs, complete: logs.complete && !logs.hasMore };
    throw new GraphError('INTERNAL', `Line ${this.#next} cannot be read again.`, { cause: logs });
  }

  /** Advances behind a page. The server reports a gap between two pages with both of them; it is left out here once. */
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

  /** True for a page with lines, for the last one, and for the first one even if it is empty. */
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
