import type { LogEntriesFragment, LogTextFragment } from './generated/graphql.ts';
import { gapsOf, insertPart, rangeOf } from './stretches.ts';

type Page = LogTextFragment | LogEntriesFragment;

/** Pages of one log, joined to one page that begins at `offset` and continues at `nextOffset`. */
export type LogList<Of extends Page = LogTextFragment> = Of & {
  /** The pages that were joined. */
  readonly parts: readonly Of[];
};

export interface MergeOptions {
  /** The most lines that a list keeps; 50,000 by default. */
  maxLines?: number;
}

/**
 * Adds a page to a list, before it, after it or overlapping it, without duplicates. It also works as a reducer for live
 * pages. A page of another job, or one that does not touch the list, begins a new list. A list with too many lines
 * loses whole pages at its longer side, as seen from the new page. Returns a new list and changes nothing in place.
 */
export function mergePage(
  list: LogList<LogTextFragment> | null | undefined,
  page: LogTextFragment,
  options?: MergeOptions,
): LogList<LogTextFragment>;
export function mergePage(
  list: LogList<LogEntriesFragment> | null | undefined,
  page: LogEntriesFragment,
  options?: MergeOptions,
): LogList<LogEntriesFragment>;
export function mergePage(
  old: LogList<Page> | null | undefined,
  page: Page,
  { maxLines = 50_000 }: MergeOptions = {},
): LogList<Page> {
  const list = old?.jobId === page.jobId ? old : null;
  const [parts = [page]] = insertPart(list ? [list.parts] : [], page, maxLines);
  const range = rangeOf(parts);
  const total = Math.max(page.total, list?.total ?? 0);
  const facts = {
    ...range,
    total,
    hasMore: range.nextOffset < total,
    complete: page.complete || (list?.complete ?? false),
    gaps: gapsOf(parts),
    parts,
  };
  if ('entries' in page) {
    const entries = parts.flatMap((part) => ('entries' in part ? part.entries : []));
    return { ...page, ...facts, entries };
  }
  const lines = parts.flatMap((part) => ('lines' in part ? part.lines : []));
  return { ...page, ...facts, lines };
}
