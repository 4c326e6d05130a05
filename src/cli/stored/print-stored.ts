import type { LogFilter } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import type { LinePrinter } from '../follow/line-printer.ts';
import type { Api } from '../server/api.ts';
import { type Choice, hasContext, wanted } from './choice.ts';
import { ContextLines, type Matching } from './context-lines.ts';
import { offsetOfLast, pagesOf, type Stretch, totalOf } from './pages.ts';

export interface StoredOptions extends Choice {
  jobId: string;
  /** The last lines that are wanted; with an offset, the most of them from there on. */
  lines: number | undefined;
  offset: number | undefined;
  /** Whether to say how many states of progress bars are left out. */
  tellsHidden: boolean;
}

/**
 * Prints the lines that are stored when it begins. Later ones are not printed, or a job that prints faster than its
 * reader reads would never end.
 */
export async function printStored(
  { api, screen }: CommandContext,
  printer: LinePrinter,
  { jobId, lines, offset, tellsHidden, ...choice }: StoredOptions,
): Promise<void> {
  const to = await totalOf(api, jobId);
  const filter = wanted(choice);
  if (offset !== undefined && offset > to) {
    screen.note(`the log has ${to} lines so far, so there is no line ${offset} yet`);
    return;
  }
  const first = offset === undefined ? 0 : offset < 0 ? Math.max(0, to + offset) : offset;
  const isEnd = offset === undefined && lines !== undefined;
  const from = isEnd ? await offsetOfLast(api, { jobId, filter, to, count: lines }) : first;
  const stretch = { jobId, filter, from, to, limit: lines ?? Number.POSITIVE_INFINITY };
  if (lines === 0) return;
  const { matching } = choice;
  if (matching && hasContext(matching)) {
    await printWithContext(api, printer, { stretch, matching, filter: choice.filter });
    return;
  }
  let hidden = 0;
  for await (const page of pagesOf(api, stretch)) {
    await printer.print(page);
    hidden += page.nextOffset - page.offset;
    for (const entry of page.entries) if (entry.offset < page.nextOffset) hidden -= 1;
  }
  const isAllElse = !matching && Object.keys(choice.filter ?? {}).length === 1;
  if (tellsHidden && isAllElse && hidden > 0) {
    const states = hidden === 1 ? 'one state' : `${hidden} states`;
    screen.note(`${states} of progress bars left out; --progress all shows them`);
  }
}

/** Prints matches with lines around them, which it reads for each match: a rare one is found without reading all lines. */
async function printWithContext(
  api: Api,
  printer: LinePrinter,
  { stretch, matching, filter }: { stretch: Stretch; matching: Matching; filter: LogFilter | null },
): Promise<void> {
  const { jobId, to } = stretch;
  const { before, after } = matching;
  const context = new ContextLines(matching);
  for await (const { entries } of pagesOf(api, stretch)) {
    for (const { offset } of entries) {
      // One line more than is shown tells whether others are left out.
      const count = before + 1;
      const least = context.next;
      const from =
        offset > least
          ? await offsetOfLast(api, { jobId, filter, to: offset, count, least })
          : offset;
      let left = after;
      for await (const page of pagesOf(api, {
        jobId,
        filter,
        from,
        to,
        limit: count + 1 + after,
      })) {
        const taken = page.entries.filter((entry) => entry.offset <= offset || left-- > 0);
        const gaps = page.gaps.filter((gap) => gap.offset >= context.next);
        await printer.print({ ...page, gaps, entries: context.take(taken) });
      }
    }
  }
}
