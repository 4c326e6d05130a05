import {
  type FollowOptions,
  followLog,
  GraphError,
  type LogEntriesFragment,
  type LogFilter,
} from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { type Choice, hasContext, wanted } from '../stored/choice.ts';
import type { ContextLines, Matching } from '../stored/context-lines.ts';
import type { LinePrinter } from './line-printer.ts';
import type { LiveBars } from './live-bars.ts';

const retry = { firstMs: 250, maxMs: 10_000 };

export interface PrintStreamOptions extends Choice {
  client: FollowOptions['client'];
  jobId: string;
  offset: number;
  printer: LinePrinter;
  /** Draws the bars in place, where that can be done; null prints the states that the filter lets pass. */
  bars: { live: LiveBars; changed(): void } | null;
  signal: AbortSignal;
  onRetry: FollowOptions['onRetry'];
  /** Called when this page and all before it were printed. */
  printed(page: LogEntriesFragment): void;
}

/** Prints a log as it grows, across lost connections, until it is complete or the signal is aborted. */
export async function printStream(
  { api, screen }: CommandContext,
  { printer, bars, printed, filter, matching, ...options }: PrintStreamOptions,
): Promise<void> {
  const context = matching && hasContext(matching) ? await contextOf(matching) : null;
  // Lines around a match are known only where all come.
  const chosen = context ? filter : wanted({ filter, matching });
  const streamed = bars ? withAllStates(chosen) : chosen;
  try {
    const pages = followLog({ ...options, filter: streamed, retry, entries: true });
    for await (const page of pages) {
      if (page.offset > page.total) {
        screen.note(`the log has ${page.total} lines so far; waiting for line ${page.offset}`);
      }
      const lines = bars ? bars.live.take(page.entries) : page.entries;
      await printer.print({ ...page, entries: context ? context.take(lines) : lines });
      if (lines.length < page.entries.length) bars?.changed();
      printed(page);
    }
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw api.refusal({ message: error.message, extensions: { code: error.code } });
  }
}

async function contextOf(matching: Matching): Promise<ContextLines> {
  const { ContextLines } = await import('../stored/context-lines.ts');
  return new ContextLines(matching);
}

function withAllStates(filter: LogFilter | null): LogFilter | null {
  const { progress: _, ...others } = filter ?? {};
  return Object.keys(others).length === 0 ? null : others;
}
