import type { CurvePoint } from './curve.ts';

export const logSources = ['STDOUT', 'STDERR', 'SYSTEM'] as const;
export type LogSource = (typeof logSources)[number];

/** From the least severe to the most severe. */
export const logLevels = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The most lines that a page may hold. */
export const maxPageLines = 5000;
/** The most text that a page may hold, in UTF-16 units; a page of long lines ends early, after one line at least. */
export const maxPageChars = 4 * 1024 * 1024;
/** A longer line is split. Measured in bytes of UTF-8. */
export const maxLineBytes = 64 * 1024;
/** GraphQL's Int ends here, and so does a log. */
export const maxLines = 2 ** 31 - 1;

/** What a progress bar drew: a state that was drawn over or still may be, or the one that it was left in. */
export const progressMarks = ['DRAWN_OVER', 'LAST'] as const;
export type ProgressMark = (typeof progressMarks)[number];

/** Consecutive lines that were captured at one time from one source, and are all of a progress bar or all not. */
export interface LineRun {
  count: number;
  /** Milliseconds since 1970, UTC: the provider's time where it gives one, else that of the capture. */
  time: number;
  source: LogSource | null;
  /** Absent for lines that are of no progress bar. */
  progress?: ProgressMark;
}

/** Consecutive lines: their texts, and the runs that cover them (the counts add up to `texts.length`). */
export interface LineBlock {
  lines: string[];
  runs: LineRun[];
}

/** A block that knows its place: `first` is the offset of its first line. */
export interface PlacedBlock extends LineBlock {
  first: number;
}

/** Lines known to be lost at the source: between `offset - 1` and `offset`. */
export interface LogGap {
  offset: number;
  reason: string;
}

/** Why lines may be missing, and where else to look. */
export interface LogNotice {
  code: string;
  message: string;
  url: string | null;
  help: string[];
}

/** The values that a metric can have which are not finite numbers. */
export const notFinites = ['NAN', 'INFINITY', 'NEGATIVE_INFINITY'] as const;
export type NotFinite = (typeof notFinites)[number];

/** The word for a value that is not a finite number; null for a finite one. */
export function notFiniteOf(value: number): NotFinite | null {
  if (Number.isFinite(value)) return null;
  if (Number.isNaN(value)) return 'NAN';
  return value > 0 ? 'INFINITY' : 'NEGATIVE_INFINITY';
}

/** One value of one metric, found in the log. */
export interface MetricPoint {
  name: string;
  /** A whole number. */
  step: number;
  /** NaN or infinite where the log says so. */
  value: number;
  time: number;
  /** The offset of the line it was read from. For a progress bar's state, which is not stored, that of the next line. */
  line: number;
}

/** One metric over a job's life, reduced to the number of points that was asked for. */
export interface MetricSeries {
  name: string;
  /** How many values the log holds. */
  seen: number;
  points: CurvePoint[];
  /** Values that are not finite: the first one of each stretch that has any. */
  breaks: CurvePoint[];
}

/** Which lines to show. Whatever is absent or null lets every line pass. */
export interface LogFilter {
  contains?: string | null;
  regex?: string | null;
  /** Lines that match this expression do not pass. */
  exclude?: string | null;
  minLevel?: LogLevel | null;
  sources?: readonly LogSource[] | null;
  since?: Date | null;
  until?: Date | null;
  progress?: ProgressChoice | null;
}

/** Which states of progress bars to show. */
export const progressChoices = ['NONE', 'LAST', 'ALL'] as const;
export type ProgressChoice = (typeof progressChoices)[number];
