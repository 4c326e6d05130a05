import type { LogEntriesFragment } from '@trainyard/client';

export type Line = LogEntriesFragment['entries'][number];

/** What a viewport shows: rows by number from 0, of which any may have to be fetched first. */
export interface Rows {
  /** How many rows there are. */
  readonly total: number;
  /** One behind the last row that has come. Somebody who follows sees rows up to here, though there may be more. */
  readonly end: number;
  /** No more rows will come. */
  readonly complete: boolean;
  /** Undefined while it is not here. */
  row(index: number): Line | undefined;
  /** The number of the row's line. */
  lineOf(index: number): number | undefined;
  /** The first row with this line or a later one. */
  indexOf(line: number): number;
  /** Why lines right before the row's are lost; empty where none are. */
  gapBefore(index: number): string;
  /** Sees to it that the rows from `from` to before `to` come. */
  want(from: number, to: number): Promise<unknown>;
}
