import type { MetricsQuery } from '@trainyard/client';
import { Canvas } from './canvas.ts';
import { short } from './progress.ts';
import type { Screen } from './screen.ts';

export type Series = NonNullable<NonNullable<MetricsQuery['job']>['metrics']>[number];

const rows = 12;
const leastColumns = 20;

/**
 * A series as a curve with its axes, at most `columns` wide: values up, steps to the right. A row of crosses below it
 * shows where values are not finite. Empty where there is no value.
 */
export function drawCurve(screen: Screen, series: Series, columns: number): string[] {
  const { points, notFinite } = series;
  const values = points.map(({ value }) => value);
  const steps = [...points, ...notFinite].map(({ step }) => step);
  if (steps.length === 0) return [];
  const [low, high] = boundsOf(values);
  const [first, last] = boundsOf(steps);
  const labels = labelsOf(low, high);
  const margin = Math.max(...labels.map((label) => label.length));
  const canvas = new Canvas({ columns: Math.max(leastColumns, columns - margin - 2), rows });
  const x = (step: number) => scaled(step, first, last, canvas.width - 1);
  const y = (value: number) => canvas.height - 1 - scaled(value, low, high, canvas.height - 1);
  points.forEach(({ step, value }, at) => {
    const before = points[at - 1];
    const to = { x: x(step), y: y(value) };
    // Steps that begin anew, and values that are none in between, break the line.
    const isJoined = before && before.step <= step && !isBetween(notFinite, before.step, step);
    canvas.line(isJoined ? { x: x(before.step), y: y(before.value) } : to, to);
  });
  const drawn = canvas
    .rows()
    .map((row, at) => `${axis(screen, labels[at] ?? '', margin)}${screen.paint('cyan', row)}`);
  const width = canvas.width / 2;
  const crosses = crossesOf(notFinite.map(({ step }) => Math.floor(x(step) / 2)));
  const [from, to] = [String(first), String(last)];
  const under = from + to.padStart(Math.max(0, width - from.length));
  return [
    ...drawn,
    ...(crosses ? [`${' '.repeat(margin + 2)}${screen.paint('red', crosses)}`] : []),
    screen.paint('dim', `${' '.repeat(margin)} └${'─'.repeat(width - 1)}`),
    screen.paint('dim', `${' '.repeat(margin + 2)}${under}`),
  ];
}

function axis(screen: Screen, label: string, margin: number): string {
  return screen.paint('dim', `${label.padStart(margin)} ${label === '' ? '│' : '┤'}`);
}

/** The labels of the rows: of the greatest value, the middle one and the least. */
function labelsOf(low: number, high: number): string[] {
  const labels = Array.from({ length: rows }, () => '');
  if (!Number.isFinite(low)) return labels;
  labels[rows - 1] = short(low);
  if (high > low) {
    labels[0] = short(high);
    labels[Math.floor(rows / 2)] = short(
      high - ((high - low) * (4 * Math.floor(rows / 2) + 2)) / (4 * rows),
    );
  }
  return labels;
}

/** The least and the greatest; infinities where there are none. */
function boundsOf(numbers: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  return [low, high];
}

function scaled(value: number, low: number, high: number, most: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * most) : 0;
}

function isBetween(breaks: Series['notFinite'], from: number, to: number): boolean {
  return breaks.some(({ step }) => step > from && step < to);
}

function crossesOf(columns: readonly number[]): string {
  const row: string[] = [];
  for (const column of columns) row[column] = '×';
  return Array.from(row, (cross) => cross ?? ' ').join('');
}
