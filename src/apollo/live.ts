import type { ApolloCache } from '@apollo/client/cache';
import { type FollowOptions, followLog } from '../client/follow.ts';
import {
  type LogEntriesFragment,
  LogEntriesPageDocument,
  type LogFilter,
  type LogTextFragment,
  LogTextPageDocument,
} from '../client/generated/graphql.ts';

/**
 * Puts a page that came live, by a subscription or `followLog`, into the list that the `logs` queries of
 * its job and filter show. What is in the list already is not added twice.
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

/** Follows a log into the cache until it is complete or `signal` is aborted; begin where the cached list ends. */
export async function followIntoCache(
  cache: ApolloCache,
  { entries, ...options }: FollowOptions,
): Promise<void> {
  const pages = entries ? followLog({ ...options, entries }) : followLog(options);
  for await (const page of pages) appendPage(cache, page, options.filter);
}

/** The cache expects what Apollo Client itself asks for; other clients do not. */
function typenames({ gaps, notice }: LogTextFragment | LogEntriesFragment) {
  return {
    __typename: 'LogPage',
    gaps: gaps.map((gap) => ({ ...gap, __typename: 'LogGap' })),
    notice: notice && { ...notice, __typename: 'LogNotice' },
  };
}
