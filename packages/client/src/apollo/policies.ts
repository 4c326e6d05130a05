import type { FieldPolicy, TypePolicies } from '@apollo/client/cache';
import {
  findStretch,
  gapsOf,
  insertPart,
  type LogPart,
  rangeOf,
  type Stretch,
} from '../stretches.ts';
import { logKey } from './log-key.ts';

export interface LogPolicyOptions {
  /** The most lines that are kept of one stretch; 10,000 by default. At most 8 stretches of a log are kept. */
  maxLines?: number;
}

/** The type policies for Trainyard's schema: `new InMemoryCache({ typePolicies: logTypePolicies() })`. */
export function logTypePolicies(options: LogPolicyOptions = {}): TypePolicies {
  return {
    Query: { fields: { logs: logsFieldPolicy(options) } },
    Job: { fields: { logs: logsFieldPolicy(options) } },
    Provider: { keyFields: ['name'] },
  };
}

/** A page with the fields that a query selected. */
type SelectedPage = Partial<LogPart> & {
  readonly total?: number;
  readonly hasMore?: boolean;
  readonly complete?: boolean;
};

/** What is cached of one log. */
interface CachedLog {
  /** What the last page said about the whole log. */
  readonly about: SelectedPage;
  /** The highest offset at which the log is known to have ended when it was read; null where there is none. */
  readonly end: number | null;
  /** Pages of text and pages of entries, which cannot be joined to each other. */
  readonly text: readonly Stretch<LogPart>[];
  readonly entries: readonly Stretch<LogPart>[];
}

const nothing: CachedLog = { about: {}, end: null, text: [], entries: [] };

/**
 * The field policy that keeps the pages of a log as one list for each job and filter. A query gets the whole stretch of
 * pages in which its `offset` lies, or the stretch at the log's end where its offset is negative. So `fetchMore`, from
 * `nextOffset` on or before `offset`, makes the query's own data grow. An offset in no known stretch is fetched.
 * Queries must select `offset` and `nextOffset`, and either `lines` or `entries` with `offset` and `text`. The field
 * `logs` of a job and the query `logs` have separate lists.
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

/** The newer facts about a log, except that a log never shrinks and stays complete. */
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
  const range = rangeOf(stretch);
  const known = about.total ?? end;
  return {
    ...about,
    ...range,
    ...linesOf(stretch),
    gaps: gapsOf(stretch),
    hasMore: known === null || range.nextOffset < known,
  };
}

/** The lines of a stretch. Entries give `lines` as well, where their text was selected. */
function linesOf(stretch: Stretch<LogPart>): Pick<LogPart, 'lines' | 'entries'> {
  if (stretch[0]?.lines) return { lines: stretch.flatMap(({ lines = [] }) => lines) };
  const entries = stretch.flatMap((part) => part.entries ?? []);
  const lines = entries.flatMap(({ text }) => text ?? []);
  return lines.length === entries.length ? { entries, lines } : { entries };
}
