import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  type LogEntriesFragment,
  LogEntriesPageDocument,
  LogEntriesStreamDocument,
  type LogFilter,
  type LogPlaceFragment,
  type LogTextFragment,
  LogTextPageDocument,
  LogTextStreamDocument,
} from './generated/graphql.ts';
import { gapsOf } from './stretches.ts';

export interface LogVariables extends Record<string, unknown> {
  jobId: string;
  offset?: number | null;
  filter?: LogFilter | null;
}

/** One way to ask for pages: how to stream them, how to read one, and how much text one holds. */
export interface PageShape<Page extends LogPlaceFragment> {
  stream: TypedDocumentNode<{ logStream: Page }, LogVariables>;
  page: TypedDocumentNode<{ logs: Page }, LogVariables & { limit?: number | null }>;
  texts(page: Page): readonly string[];
  /** Two pages as one; the second begins where the first ends. */
  join(first: Page, second: Page): Page;
}

/** Pages of text alone: the cheap way. */
export const textShape: PageShape<LogTextFragment> = {
  stream: LogTextStreamDocument,
  page: LogTextPageDocument,
  texts: ({ lines }) => lines,
  join: (first, second) => ({
    ...joinPlaces(first, second),
    lines: [...first.lines, ...second.lines],
  }),
};

/** Pages with all that is known of each line. */
export const entriesShape: PageShape<LogEntriesFragment> = {
  stream: LogEntriesStreamDocument,
  page: LogEntriesPageDocument,
  texts: ({ entries }) => entries.map(({ text }) => text),
  join: (first, second) => ({
    ...joinPlaces(first, second),
    entries: [...first.entries, ...second.entries],
  }),
};

function joinPlaces(first: LogPlaceFragment, second: LogPlaceFragment): LogPlaceFragment {
  return { ...second, offset: first.offset, gaps: gapsOf([first, second]) };
}
