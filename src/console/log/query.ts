import type { LogFilter, LogLevel, LogSource } from '@trainyard/client';

/** What is looked for in a log. */
export interface Search {
  text: string;
  /** The text is an RE2 expression. */
  isExpression: boolean;
  isCaseExact: boolean;
}

/** Which lines are shown, besides all. */
export interface Choice {
  level: LogLevel | null;
  source: LogSource | null;
  /** Only lines with what is looked for. */
  onlyMatches: boolean;
}

/** The filter for what is looked for; null for nothing. */
export function searchFilter({ text, isExpression, isCaseExact }: Search): LogFilter | null {
  if (text === '') return null;
  if (isCaseExact && !isExpression) return { contains: text };
  const expression = isExpression ? text : escaped(text);
  return { regex: isCaseExact ? expression : `(?i)${expression}` };
}

/** The filter for the lines that are shown; null for all. */
export function choiceFilter(choice: Choice, search: Search): LogFilter | null {
  const { level, source, onlyMatches } = choice;
  const filter: LogFilter = {
    ...(onlyMatches ? searchFilter(search) : null),
    ...(level ? { minLevel: level } : null),
    ...(source ? { sources: [source] } : null),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

/** The same for the browser, as well as it can: RE2 has another syntax. */
export function searchExpression({ text, isExpression, isCaseExact }: Search): RegExp | null {
  if (text === '') return null;
  const insensitive = /^\(\?i\)/.test(text);
  const source = isExpression ? text.replace(/^\(\?i\)/, '') : escaped(text);
  try {
    return new RegExp(source, isCaseExact && !insensitive ? 'gu' : 'giu');
  } catch {
    return null;
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
