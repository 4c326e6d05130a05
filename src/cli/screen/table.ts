import type { Screen } from './screen.ts';
import { visible } from './visible.ts';

export interface Cell {
  text: string;
  style?: Parameters<Screen['paint']>[0];
}

/** The least width to which a column is cut. */
const leastWidth = 8;
const gap = '   ';

/**
 * Formats rows under headings, aligned in columns. Values are not cut, unless the table would be wider than `columns`:
 * then those of the column `shrink` are, and columns at the right are left out.
 */
export function renderTable(
  screen: Screen,
  headings: readonly string[],
  rows: Cell[][],
  { columns = Number.POSITIVE_INFINITY, shrink }: { columns?: number; shrink?: number } = {},
): string {
  const shown = rows.map((row) =>
    row.map(({ text, style }) => ({ text: visible(text, { colours: false }), style })),
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => row[column]?.text.length ?? 0)),
  );
  narrow(widths, { columns, shrink });
  const line = (cells: readonly Cell[]) =>
    widths
      .map((width, column) => {
        const { text = '', style } = cells[column] ?? {};
        const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
        return (style ? screen.paint(style, cut) : cut) + ' '.repeat(width - cut.length);
      })
      .join(gap)
      .trimEnd();
  const head: Cell[] = headings.map((text) => ({ text, style: 'bold' }));
  return [head, ...shown].map(line).join('\n');
}

/** Makes the widths add up to no more than `columns`, with the gaps between them. */
function narrow(
  widths: number[],
  { columns, shrink }: { columns: number; shrink: number | undefined },
): void {
  const over = () =>
    widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1)) - columns;
  const width = shrink === undefined ? undefined : widths[shrink];
  if (shrink !== undefined && width !== undefined) {
    widths[shrink] = Math.min(width, Math.max(leastWidth, width - Math.max(0, over())));
  }
  while (widths.length > 1 && over() > 0) widths.pop();
}
