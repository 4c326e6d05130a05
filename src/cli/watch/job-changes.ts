import {
  GraphError,
  JobChangedDocument,
  type JobChangedSubscription,
  type JobFilter,
  toGraphError,
} from '@trainyard/client';
import { print } from 'graphql/language/printer.js';
import type { Client } from 'graphql-ws/client';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';

export type JobChange = JobChangedSubscription['jobChanged'];

interface Watching {
  client: Client;
  filter: JobFilter;
  signal: AbortSignal;
  /** Called after each attempt that failed, with the time until the next one. */
  onRetry: (event: { error: GraphError; waitMs: number }) => void;
}

/**
 * The newest jobs of a filter, then every change of them, across lost connections, until the signal is aborted. Where
 * changes are no longer stored, it begins anew. Throws a `GraphError` that another attempt would meet again.
 */
export async function* jobChanges(watching: Watching): AsyncGenerator<JobChange, void, undefined> {
  const { signal, onRetry } = watching;
  const backoff = new Backoff({ firstMs: 500, maxMs: 10_000 });
  let after: string | null = null;
  while (!signal.aborted) {
    try {
      for await (const change of changesOnce(watching, after)) {
        backoff.reset();
        after = change.cursor;
        yield change;
      }
    } catch (thrown) {
      if (!(thrown instanceof GraphError)) throw thrown;
      if (thrown.definitive) throw thrown;
      if (thrown.code === 'CONFLICT') after = null;
      const nextMs = Math.max(thrown.retryAfterMs, backoff.nextMs());
      onRetry({ error: thrown, waitMs: nextMs });
      await waitMs(nextMs, signal);
    }
  }
}

/**
 * The changes of one subscription, until it ends or the signal is aborted. They wait here for their reader, which
 * takes them as fast as they come: it draws them later.
 */
async function* changesOnce(
  { client, filter, signal }: Watching,
  after: string | null,
): AsyncGenerator<JobChange, void, undefined> {
  const waiting: JobChange[] = [];
  const woken = new Wakeup();
  const ends: unknown[] = [];
  const ended = (error: unknown) => {
    ends.push(error);
    woken.wake();
  };
  const unsubscribe = client.subscribe<JobChangedSubscription>(
    { query: print(JobChangedDocument), variables: { filter, after } },
    {
      next({ data, errors }) {
        if (!data || errors) return ended(errors);
        waiting.push(data.jobChanged);
        woken.wake();
      },
      error: ended,
      complete: () => ended(new Error('The server has ended the subscription.')),
    },
  );
  try {
    while (!signal.aborted) {
      yield* waiting.splice(0);
      if (ends.length > 0) throw toGraphError(ends[0]);
      await woken.next(signal);
    }
  } finally {
    unsubscribe();
  }
}
