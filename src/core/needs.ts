import type { LogLevel, LogSource } from './log.ts';

/** What a line must have: whoever looks for lines may pass over those that lack it, unread. */
export interface LineNeeds {
  /** Null where it may be any text. */
  text: NeededText | null;
  /** The least severe level that the line may state; null where it need not state any. */
  minLevel: LogLevel | null;
  /** In milliseconds since 1970, UTC: the least time, and the first one that is too great. */
  since: number;
  until: number;
  /** Null where it may have any source, or none. */
  sources: ReadonlySet<LogSource> | null;
}

/**
 * A text that the line holds, without its escape sequences and but for the case of letters; all of several texts,
 * wherever they stand; or one of several.
 */
export type NeededText = string | { all: readonly NeededText[] } | { any: readonly NeededText[] };
