import {
  FindLinesDocument,
  type LogEntriesFragment,
  LogEntriesPageDocument,
  type LogFilter,
  LogTextPageDocument,
} from '@trainyard/client';
import type { Api } from '../server/api.ts';

/** The most lines in one page of the API. */
const pageLines = 5000;

/** How many lines are looked at first, and how many times more each time after that, to find the last ones that pass. */
const firstWindow = 1000;
const windowGrowth = 4;

export type Entry = LogEntriesFragment['entries'][number];

/** A stretch of a log: the lines from `from` up to `to` that pass the filter, at most `limit`. */
export interface Stretch {
  jobId: string;
  filter: LogFilter | null;
  from: number;
  to: number;
  limit: number;
}

/** The pages of a stretch, one after the other. The last one may hold lines behind the stretch's end. */
export async function* pagesOf(
  api: Api,
  { jobId, filter, from, to, limit }: Stretch,
): AsyncGenerator<LogEntriesFragment, void, undefined> {
  let offset = from;
  let left = limit;
  while (left > 0 && offset < to) {
    const variables = { jobId, offset, limit: Math.min(pageLines, left), filter };
    const { logs: page } = await api.ask(LogEntriesPageDocument, variables);
    // Null only beside an error, which `ask` has thrown.
    if (!page) return;
    yield page;
    left -= page.entries.length;
    offset = page.nextOffset;
    if (!page.hasMore) return;
  }
}

/** How many lines a log has now. */
export async function totalOf(api: Api, jobId: string): Promise<number> {
  const { logs: page } = await api.ask(LogTextPageDocument, { jobId, offset: -1, limit: 1 });
  return page?.total ?? 0;
}

/** The offset of the first of the last `count` lines before `to` that pass the filter; `least` where there are fewer from there on. */
export async function offsetOfLast(
  api: Api,
  {
    jobId,
    filter,
    to,
    count,
    least = 0,
  }: Omit<Stretch, 'from' | 'limit'> & { count: number; least?: number },
): Promise<number> {
  if (filter === null) return Math.max(least, to - count);
  let end = to;
  let left = count;
  for (let size = Math.max(firstWindow, 2 * count); end > least; size *= windowGrowth) {
    const start = Math.max(least, end - size);
    const offsets = await offsetsIn(api, { jobId, filter, from: start, to: end });
    if (offsets.length >= left) return offsets.at(-left) ?? end;
    left -= offsets.length;
    end = start;
  }
  return least;
}

async function offsetsIn(
  api: Api,
  { jobId, filter, from, to }: Omit<Stretch, 'limit'>,
): Promise<number[]> {
  const offsets: number[] = [];
  let offset = from;
  while (offset < to) {
    const limit = Math.min(pageLines, to - offset);
    const { logs: page } = await api.ask(FindLinesDocument, { jobId, offset, limit, filter });
    if (!page) break;
    for (const entry of page.entries) if (entry.offset < to) offsets.push(entry.offset);
    offset = page.nextOffset;
    if (!page.hasMore) break;
  }
  return offsets;
}
