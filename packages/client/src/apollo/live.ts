import type { ApolloCache } from '@apollo/client/cache';
import { delay } from '../delay.ts';
import { type FollowOptions, followLog } from '../follow.ts';
import {
  type LogEntriesFragment,
  LogEntriesPageDocument,
  type LogFilter,
  type LogTextFragment,
  LogTextPageDocument,
} from '../generated/graphql.ts';

/** The pause after each page, so that fewer and larger pages come when there are many lines. */
const restMs = 50;

/**
 * Adds a live page, from a subscription or `followLog`, to the list that the `logs` queries of its job and filter
 * show. Lines that are already in the list are not added twice.
 */
export function appendPage(
  cache: ApolloCache,
  page: LogTextFragment | LogEntriesFragment,
  filter?: LogFilter | null,
): void {
  const { jobId, offset, limit } = page;
  const variables = { jobId, offset, limit, filter };
  if ('entries' in page) {
    const entries = page.entries.map((line) => ({ ...line, __typename: 'LogLine' }));
    const logs = { ...page, ...typenames(page), entries };
    cache.writeQuery({ query: LogEntriesPageDocument, variables, data: { logs } });
  } else {
    const logs = { ...page, ...typenames(page) };
    cache.writeQuery({ query: LogTextPageDocument, variables, data: { logs } });
  }
}

/**
 * Follows a log into the cache until the log is complete or `signal` is aborted. Without an `offset` it begins after
 * the cached list at the log's end, or with the last 100 lines where there is none. `entries` must match what the
 * queries select: true for `entries`, false for `lines`. Throws as `followLog` does.
 */
export async function followIntoCache(
  cache: ApolloCache,
  { entries = false, ...options }: FollowOptions,
): Promise<void> {
  const { jobId, filter, offset = endOfCached(cache, { jobId, filter }) } = options;
  const pages = entries
    ? followLog({ ...options, offset, entries })
    : followLog({ ...options, offset });
  const signal = options.signal ?? new AbortController().signal;
  for await (const page of pages) {
    appendPage(cache, page, filter);
    if (!page.complete) await delay(restMs, signal);
  }
}

function endOfCached(cache: ApolloCache, log: { jobId: string; filter?: LogFilter | null }) {
  const cached = cache.readQuery({ query: LogTextPageDocument, variables: { ...log, offset: -1 } });
  return cached?.logs?.nextOffset ?? -100;
}

/** The type names that the cache expects. Apollo Client adds them to its queries, but other clients do not. */
function typenames({ gaps, notice }: LogTextFragment | LogEntriesFragment) {
  return {
    __typename: 'LogPage',
    gaps: gaps.map((gap) => ({ ...gap, __typename: 'LogGap' })),
    notice: notice && { ...notice, __typename: 'LogNotice' },
  };
}
