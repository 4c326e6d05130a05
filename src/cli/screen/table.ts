import type { Screen } from './screen.ts';
import { visible } from './visible.ts';

export interface Cell {
  text: string;
  style?: Parameters<Screen['paint']>[0];
}

/** Formats rows under headings, aligned in columns. Values are not cut. */
export function renderTable(screen: Screen, headings: readonly string[], rows: Cell[][]): string {
  const shown = rows.map((row) =>
    row.map(({ text, style }) => ({ text: visible(text, { colours: false }), style })),
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...shown.map((row) => row[column]?.text.length ?? 0)),
  );
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, style }, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - text.length);
        return (style ? screen.paint(style, text) : text) + padding;
      })
      .join('   ')
      .trimEnd();
  const head: Cell[] = headings.map((text) => ({ text, style: 'bold' }));
  return [head, ...shown].map(line).join('\n');
}
