import { visible } from '../../src/cli/screen/visible.ts';
import type { Expected } from './expected.ts';
import type { Told } from './run-case.ts';

/** Every expectation that was not met, in words. */
export async function differences(expected: Expected, told: Told): Promise<string[]> {
  const texts = told.lines.map((line) => line.text);
  return [
    ...inLines(expected.lines ?? {}, texts),
    ...inLevels(expected.entries ?? [], told),
    ...inProgress(expected.progress ?? {}, told.progress),
    ...inMetrics(expected, told.metrics),
    ...inFailure(expected.failure ?? {}, told.failure, texts),
    ...(await inSearch(expected.filters ?? [], told)),
    ...inTerminal(expected.cli ?? {}, texts),
  ];
}

type Part<Key extends keyof Expected> = NonNullable<Expected[Key]>;

function inLines(lines: Part<'lines'>, texts: readonly string[]): string[] {
  const found: string[] = [];
  const { count, atMost = Number.POSITIVE_INFINITY, exact, contain = {}, lacking = [] } = lines;
  if (count !== undefined) check(found, 'number of lines', count, texts.length);
  if (texts.length > atMost) found.push(`${texts.length} lines, at most ${atMost}`);
  if (exact) check(found, 'lines', exact, texts);
  for (const [text, times] of Object.entries(contain)) {
    check(found, `lines with ${text}`, times, texts.filter((line) => line.includes(text)).length);
  }
  for (const text of lacking) {
    check(
      found,
      `lines with ${text}`,
      [],
      texts.filter((line) => line.includes(text)),
    );
  }
  return found;
}

function inLevels(entries: Part<'entries'>, told: Told): string[] {
  const found: string[] = [];
  for (const { contains, level } of entries) {
    const line = told.lines.find(({ text }) => text.includes(contains));
    check(found, `level of ${contains}`, level, line === undefined ? 'no such line' : line.level);
  }
  return found;
}

function inProgress(progress: Part<'progress'>, told: Told['progress']): string[] {
  const found: string[] = [];
  const got = new Map<string, number | null>(Object.entries(told ?? {}));
  for (const [name, value] of Object.entries(progress)) {
    check(found, `progress.${name}`, rounded(value), rounded(got.get(name) ?? null));
  }
  return found;
}

function inMetrics(expected: Expected, told: Told['metrics']): string[] {
  const found: string[] = [];
  const got = new Map(told.map(({ name, points }) => [name, points]));
  for (const [names, points] of Object.entries(expected.metrics ?? {})) {
    const name = names.split('|').find((it) => got.has(it)) ?? names;
    const pairs = got.get(name)?.map(({ step, value }) => [step, rounded(value)]);
    check(found, `metric ${name}`, points, pairs ?? [...got.keys()]);
  }
  for (const name of expected.noMetrics ?? []) {
    if (got.has(name)) found.push(`there is a metric ${name}`);
  }
  return found;
}

function inFailure(
  failure: Part<'failure'>,
  told: Told['failure'],
  texts: readonly string[],
): string[] {
  const found: string[] = [];
  const message = told?.message ?? '';
  const has = (part: string) => message.toLowerCase().includes(part.toLowerCase());
  for (const part of failure.message ?? []) {
    if (!has(part)) found.push(`the message lacks ${part}: ${message}`);
  }
  for (const part of failure.messageLacks ?? []) {
    if (has(part)) found.push(`the message has ${part}: ${message}`);
  }
  const at = told?.offset ?? null;
  if (failure.at === null) check(found, 'failure.offset', null, at);
  if (failure.at) {
    const line = at === null ? 'no line' : (texts[at] ?? '');
    if (!line.includes(failure.at)) found.push(`the failure is not at ${failure.at}: ${line}`);
  }
  for (const part of failure.excerpt ?? []) {
    const excerpt = told?.excerpt ?? [];
    if (!excerpt.some((line) => line.includes(part))) {
      found.push(`the excerpt lacks ${part}: ${JSON.stringify(excerpt.slice(0, 4))}`);
    }
  }
  return found;
}

async function inSearch(filters: Part<'filters'>, told: Told): Promise<string[]> {
  const found: string[] = [];
  for (const { filter, lines, count } of filters) {
    const hits = await told.search(filter);
    const name = `search ${JSON.stringify(filter)}`;
    if (lines) check(found, name, lines, hits);
    if (count !== undefined) check(found, `number of ${name}`, count, hits.length);
  }
  return found;
}

function inTerminal(cli: Part<'cli'>, texts: readonly string[]): string[] {
  const shown = texts.map((text) => visible(text, { colours: false })).join('\n');
  const found: string[] = [];
  for (const text of cli.contain ?? []) {
    if (!shown.includes(text)) found.push(`the terminal lacks ${text}`);
  }
  for (const text of cli.lacking ?? []) {
    if (shown.includes(text)) found.push(`the terminal shows ${text}`);
  }
  return found;
}

function check(found: string[], what: string, wanted: unknown, got: unknown): void {
  const [one, other] = [JSON.stringify(wanted), JSON.stringify(got)];
  if (one !== other) found.push(`${what}: ${other}, not ${one}`.slice(0, 600));
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(7));
}
