import type { LogEntriesFragment, LogTextFragment } from './generated/graphql.ts';
import { gapsOf, insertPart, placeOf } from './stretches.ts';

type Page = LogTextFragment | LogEntriesFragment;

/** Pages of one log joined to one page, which begins at `offset` and is to be continued at `nextOffset`. */
export type LogList<Of extends Page = LogTextFragment> = Of & {
  /** What it was joined from. */
  readonly parts: readonly Of[];
};

export interface MergeOptions {
  /** The most lines that a list keeps: 50,000 where absent. */
  maxLines?: number;
}

/**
 * A list with one more page: before it, behind it or overlapping it, without duplicates; a reducer for
 * live pages, too. A page that does not touch the list, or is another job's, begins a new one. A list of too many lines loses
 * whole pages, at its longer side as seen from the new one. Changes nothing in place.
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
  const place = placeOf(parts);
  const total = Math.max(page.total, list?.total ?? 0);
  const facts = {
    ...place,
    total,
    hasMore: place.nextOffset < total,
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
