import type {
  LogEntriesFragment,
  LogFilter,
  LogPlaceFragment,
  LogTextFragment,
} from './generated/graphql.ts';
import {
  LogEntriesPageText,
  LogEntriesStreamText,
  LogTextPageText,
  LogTextStreamText,
  type QueryText,
} from './generated/texts.ts';
import { gapsOf } from './stretches.ts';

export interface LogVariables extends Record<string, unknown> {
  jobId: string;
  offset?: number | null;
  filter?: LogFilter | null;
}

/** One form of pages: how to subscribe to them, how to query one, its lines, and how to join two. */
export interface PageShape<Page extends LogPlaceFragment> {
  stream: QueryText<{ logStream: Page }, LogVariables>;
  page: QueryText<{ logs: Page | null }, LogVariables & { limit?: number | null }>;
  /** The text of each line. */
  lines(page: Page): readonly string[];
  /** Joins two pages, of which the second begins where the first ends. */
  join(first: Page, second: Page): Page;
}

/** Pages with the text of lines alone, which cost less. */
export const textShape: PageShape<LogTextFragment> = {
  stream: LogTextStreamText,
  page: LogTextPageText,
  lines: ({ lines }) => lines,
  join: (first, second) => ({
    ...joinPlaces(first, second),
    lines: [...first.lines, ...second.lines],
  }),
};

/** Pages that tell everything about each line. */
export const entriesShape: PageShape<LogEntriesFragment> = {
  stream: LogEntriesStreamText,
  page: LogEntriesPageText,
  lines: ({ entries }) => entries.map(({ text }) => text),
  join: (first, second) => ({
    ...joinPlaces(first, second),
    entries: [...first.entries, ...second.entries],
  }),
};

function joinPlaces(first: LogPlaceFragment, second: LogPlaceFragment): LogPlaceFragment {
  return { ...second, offset: first.offset, gaps: gapsOf([first, second]) };
}
