import { MetricsDocument, type NotFinite } from '@trainyard/client';
import { nearest } from '../../lib/text/nearest.ts';
import type { CommandContext } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { drawCurve, type Series } from '../screen/curve.ts';
import { notFiniteWords, short } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { renderTable } from '../screen/table.ts';
import { visible, visibleJson } from '../screen/visible.ts';
import { findJob } from '../server/find-job.ts';

/** The most points of a series that the API gives. */
const mostPoints = 4000;
/** Enough for a curve on any terminal. */
const drawnPoints = 1000;

export interface MetricsOptions {
  output: 'text' | 'csv' | 'json';
}

/** Prints a job's metrics: an overview of all with the curve of the loss, the curves of those that are named, or their values. */
export async function metrics(
  { api, screen }: CommandContext,
  given: string,
  { names, output }: MetricsOptions & { names: readonly string[] },
): Promise<void> {
  const { id } = await findJob(api, given);
  const maxPoints = output === 'text' ? drawnPoints : mostPoints;
  const ask = { id, names: names.length > 0 ? [...names] : null, maxPoints };
  const { job } = await api.ask(MetricsDocument, ask);
  const all = job?.metrics ?? [];
  for (const name of names) {
    if (all.some((series) => series.name === name)) continue;
    const known = await api.ask(MetricsDocument, { id, names: null, maxPoints: 2 });
    throw unknownName(name, known.job?.metrics ?? []);
  }
  if (all.length === 0) return screen.note('the log tells no metrics yet');
  if (output !== 'text') return printValues(screen, all, output);
  const first = all.find(({ name }) => name === 'loss') ?? all[0];
  if (names.length === 0) await screen.print(`${overview(screen, all)}\n`);
  const drawn = names.length > 0 ? all : first ? [first] : [];
  await screen.print(drawn.map((series) => chart(screen, series)).join('\n\n'));
}

function unknownName(name: string, known: readonly Series[]): CommandError {
  const words = known.map((series) => series.name);
  const meant = nearest(name, words);
  return new CommandError(
    exitCode.refused,
    `NOT_FOUND: The log tells no ${JSON.stringify(name)}${meant === null ? '' : ` (is it ${JSON.stringify(meant)}?)`}; it tells ${words.join(', ') || 'no metrics yet'}.`,
  );
}

function overview(screen: Screen, all: readonly Series[]): string {
  const rows = all.map(({ name, seen, points, notFinite }) => {
    const values = points.map(({ value }) => value);
    const [first, last] = [values.at(0), values.at(-1)];
    const shown = [first, last, leastOf(values), greatestOf(values)];
    return [
      { text: name },
      { text: String(seen) },
      ...shown.map((value) => ({ text: value === undefined ? '' : short(value) })),
      { text: breakWords(notFinite), style: 'red' as const },
    ];
  });
  return renderTable(
    screen,
    ['NAME', 'VALUES', 'FIRST', 'LAST', 'LEAST', 'GREATEST', 'NOT FINITE'],
    rows,
  );
}

/** What is not finite, and where it begins: that is what to look at. */
function breakWords([first, ...others]: Series['notFinite']): string {
  if (!first) return '';
  const line = first.line === null ? '' : `, line ${first.line}`;
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  return `${notFiniteWords[first.kind]} at step ${first.step}${line}${more}`;
}

function chart(screen: Screen, series: Series): string {
  const { name, seen, points, notFinite } = series;
  const last = points.at(-1);
  const facts = [
    `${seen} value${seen === 1 ? '' : 's'}`,
    ...(last ? [`last ${short(last.value)} at step ${last.step}`] : []),
  ];
  const broken = breakWords(notFinite);
  const title = `${screen.paint('bold', visible(name, { colours: false }))}  ${screen.paint('dim', facts.join(', '))}`;
  const head = broken ? `${title}  ${screen.paint('red', broken)}` : title;
  return [head, ...drawCurve(screen, series, screen.columns)].join('\n');
}

/** Prints a row or an object for each value, series by series, in the order of the log. */
async function printValues(
  screen: Screen,
  all: readonly Series[],
  output: 'csv' | 'json',
): Promise<void> {
  if (output === 'csv') await screen.print('name,step,value,time,line');
  for (const { name, seen, points, notFinite } of all) {
    const values: Value[] = [
      ...points,
      ...notFinite.map(({ step, kind, time, line }) => ({ step, value: null, kind, time, line })),
    ].sort(inLog);
    if (values.length < seen) {
      screen.note(
        `${name} has ${seen} values; these are ${values.length} of them, every extreme among them`,
        'yellow',
      );
    }
    const rows = values.map((each) => (output === 'json' ? jsonRow : csvRow)(name, each));
    if (rows.length > 0) await screen.print(rows.join('\n'));
  }
}

interface Value {
  step: number;
  value: number | null;
  /** What it is, where it is not finite. */
  kind?: NotFinite;
  time: string;
  line: number | null;
}

function inLog(one: Value, other: Value): number {
  if (one.line !== null && other.line !== null) return one.line - other.line;
  return Date.parse(one.time) - Date.parse(other.time) || one.step - other.step;
}

function jsonRow(name: string, { step, value, kind, time, line }: Value): string {
  return visibleJson({ name, step, value, ...(kind ? { notFinite: kind } : {}), time, line });
}

const csvWords: Readonly<Record<NotFinite, string>> = {
  NAN: 'nan',
  INFINITY: 'inf',
  NEGATIVE_INFINITY: '-inf',
};

function csvRow(name: string, { step, value, kind, time, line }: Value): string {
  const quoted = /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
  const row = [quoted, step, kind ? csvWords[kind] : value, time, line ?? ''];
  return visible(row.join(','), { colours: false });
}

function leastOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((least, value) => Math.min(least, value));
}

function greatestOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value));
}
