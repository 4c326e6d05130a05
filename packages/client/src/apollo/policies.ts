import type { FieldPolicy, TypePolicies } from '@apollo/client/cache';
import {
  findStretch,
  gapsOf,
  insertPart,
  type LogPart,
  placeOf,
  type Stretch,
} from '../stretches.ts';
import { logKey } from './log-key.ts';

export interface LogPolicyOptions {
  /** The most lines of one stretch that are kept: 10,000 where absent. At most 8 stretches a log are kept. */
  maxLines?: number;
}

/** What the cache needs to know of Trainyard's schema: `new InMemoryCache({ typePolicies: logTypePolicies() })`. */
export function logTypePolicies(options: LogPolicyOptions = {}): TypePolicies {
  return {
    Query: { fields: { logs: logsFieldPolicy(options) } },
    Job: { fields: { logs: logsFieldPolicy(options) } },
    Provider: { keyFields: ['name'] },
  };
}

/** A page as a query has selected it. */
type SelectedPage = Partial<LogPart> & {
  readonly total?: number;
  readonly hasMore?: boolean;
  readonly complete?: boolean;
};

/** What is cached of one log. */
interface CachedLog {
  /** What the last page said of the log as a whole. */
  readonly about: SelectedPage;
  /** The greatest line number that was the end of the log when it was read; null where none was. */
  readonly end: number | null;
  /** Pages of text and pages of entries, which cannot be joined to each other. */
  readonly text: readonly Stretch<LogPart>[];
  readonly entries: readonly Stretch<LogPart>[];
}

const nothing: CachedLog = { about: {}, end: null, text: [], entries: [] };

/**
 * Keeps the pages of a log as one list a job and filter. A query is answered with the whole stretch of
 * pages that its `offset` lies in, and with the one at the log's end where its offset is negative; so
 * `fetchMore`, from `nextOffset` on or before `offset`, makes the query's own data grow. A place of which
 * no page is known is fetched. Queries select `offset` and `nextOffset`, and either `lines` or `entries`
 * with `offset` and `text`. What `logs` of a job holds is a list apart from that of the query `logs`.
 */
export function logsFieldPolicy({
  maxLines = 10_000,
}: LogPolicyOptions = {}): FieldPolicy<CachedLog, SelectedPage, SelectedPage> {
  return {
    keyArgs: logKey,

    read(cached, { args }) {
      if (!cached) return undefined;
      const asked = offsetOf(args);
      const at = asked < 0 ? cached.end : asked;
      const stretch =
        at === null ? null : (findStretch(cached.entries, at) ?? findStretch(cached.text, at));
      return stretch ? joined(stretch, cached) : cached.about;
    },

    merge(cached = nothing, page, { args }) {
      const { lines, entries, gaps, ...facts } = page;
      const about = withFacts(cached.about, facts);
      if (!lines && !entries) return { ...cached, about };
      const { offset, nextOffset } = facts;
      if (offset === undefined || nextOffset === undefined) {
        throw new Error(
          'To be cached, a page of `logs` needs `offset` and `nextOffset`: select them.',
        );
      }
      const part: LogPart = { offset, nextOffset, gaps, ...(entries ? { entries } : { lines }) };
      const kind = entries ? 'entries' : 'text';
      return {
        ...cached,
        about,
        end: isAtEnd(page, offsetOf(args)) ? Math.max(nextOffset, cached.end ?? 0) : cached.end,
        [kind]: insertPart(cached[kind], part, maxLines),
      };
    },
  };
}

function offsetOf(args: Record<string, unknown> | null): number {
  return typeof args?.offset === 'number' ? args.offset : 0;
}

/** A log only grows, and once complete stays so. */
function withFacts(about: SelectedPage, facts: SelectedPage): SelectedPage {
  const { total, complete } = facts;
  return {
    ...about,
    ...facts,
    ...(total === undefined ? {} : { total: Math.max(total, about.total ?? 0) }),
    ...(complete === undefined ? {} : { complete: complete || about.complete === true }),
  };
}

function isAtEnd({ nextOffset, total, hasMore }: SelectedPage, asked: number): boolean {
  if (hasMore !== undefined) return !hasMore;
  return total === undefined ? asked < 0 : nextOffset === total;
}

function joined(stretch: Stretch<LogPart>, { about, end }: CachedLog): SelectedPage {
  const place = placeOf(stretch);
  const known = about.total ?? end;
  return {
    ...about,
    ...place,
    ...linesOf(stretch),
    gaps: gapsOf(stretch),
    hasMore: known === null || place.nextOffset < known,
  };
}

/** Entries answer for their text as well, where that was selected. */
function linesOf(stretch: Stretch<LogPart>): Pick<LogPart, 'lines' | 'entries'> {
  if (stretch[0]?.lines) return { lines: stretch.flatMap(({ lines = [] }) => lines) };
  const entries = stretch.flatMap((part) => part.entries ?? []);
  const lines = entries.flatMap(({ text }) => text ?? []);
  return lines.length === entries.length ? { entries, lines } : { entries };
}
