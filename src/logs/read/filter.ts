import { RE2JS } from 're2js';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { type LineRun, type LogFilter, logLevels, type ProgressChoice } from '../../core/log.ts';
import type { LineNeeds } from '../../core/needs.ts';
import { shortened } from '../../lib/text/quote.ts';
import { levelOf } from '../../lines/level.ts';
import { plainText } from '../../lines/plain-text.ts';
import { chunkMayHold } from './chunk-search.ts';
import { expressionSize } from './expression-size.ts';
import { rangesOf, type TextRange } from './match-ranges.ts';
import { neededText } from './needed-text.ts';

/** The longest text or expression that a filter takes, in UTF-16 units. */
const maxPatternChars = 1000;

/** The largest sum of an expression's counts in braces: each count makes that many copies in memory. */
const maxRepetitions = 1000;

/** The largest compiled expression, in instructions of a hundred bytes each; compiling 20,000 takes about 20 ms. */
const maxExpressionSize = 20_000;

/** A compiled filter, ready to test many lines. */
export interface LineMatcher {
  /** What a line must have to match. */
  needs: LineNeeds;
  /** False where no line of this chunk of UTF-8 text can match. */
  maybe: ((text: Buffer) => boolean) | undefined;
  /**
   * False where no line of this run can match. `stands`: it is the newest line of its log, which nothing has been
   * drawn over yet.
   */
  run(run: LineRun, options?: { stands: boolean }): boolean;
  /** Whether the line's text matches; callers ask only where `run` was true. */
  text(text: string): boolean;
  /** Where in a line's text, without its escape sequences, what was asked for stands. */
  ranges(plain: string): TextRange[];
  /** True where only lines of progress bars can fail to match. */
  onlyProgress: boolean;
  /** About how many instructions its expressions are compiled to. */
  expressionSize: number;
}

/**
 * Compiles a filter; null where it lets every line pass. `contains` is a case-sensitive part of the line.
 * `regex` is an RE2 expression that may match anywhere in it, `exclude` one that must not. All look at the line
 * without its escape sequences. `since` is inclusive, `until` exclusive. `progress` lets
 * pass no state of a bar, those that a bar was left in, or all. A line without a known level passes no `minLevel`. Throws
 * `BAD_USER_INPUT` for a filter that is too long or an expression that is broken or too large.
 */
export function compileFilter(filter: LogFilter | null | undefined): LineMatcher | null {
  if (!filter) return null;
  // A text that was copied from a coloured line may hold escape sequences, too.
  const contains = filter.contains ? plainText(checkedLength('contains', filter.contains)) : null;
  const regex = compileRegex('regex', filter.regex);
  const exclude = compileRegex('exclude', filter.exclude);
  const leastLevel = filter.minLevel ? logLevels.indexOf(filter.minLevel) : null;
  const sources = filter.sources ? new Set(filter.sources) : null;
  const since = filter.since?.getTime() ?? Number.NEGATIVE_INFINITY;
  const until = filter.until?.getTime() ?? Number.POSITIVE_INFINITY;
  const progress = filter.progress ?? 'ALL';
  const unbounded = !filter.since && !filter.until && !sources;
  const anyText = contains === null && regex === null && exclude === null && leastLevel === null;
  if (anyText && unbounded && progress === 'ALL') return null;

  const ofRegex = filter.regex && regex ? neededText(filter.regex, regex) : null;
  const texts = [contains, ofRegex].filter((text) => text !== null);
  return {
    needs: {
      text: texts.length === 0 ? null : { all: texts },
      minLevel: filter.minLevel ?? null,
      since,
      until,
      sources,
    },
    maybe: contains === null ? undefined : chunkMayHold(contains),
    run({ time, source, progress: mark }, { stands } = { stands: false }) {
      if (mark !== undefined && !isShown(progress, mark === 'LAST' || stands)) return false;
      return (
        time >= since && time < until && (!sources || (source !== null && sources.has(source)))
      );
    },
    text(text) {
      if (anyText) return true;
      const plain = plainText(text);
      if (contains !== null && !plain.includes(contains)) return false;
      if (leastLevel !== null) {
        const level = levelOf(text);
        if (level === null || logLevels.indexOf(level) < leastLevel) return false;
      }
      return (regex === null || regex.test(plain)) && !exclude?.test(plain);
    },
    ranges: (plain) => rangesOf(plain, { contains, regex }),
    onlyProgress: anyText && unbounded,
    expressionSize: expressionSize(filter.regex ?? '') + expressionSize(filter.exclude ?? ''),
  };
}

function isShown(choice: ProgressChoice, isLast: boolean): boolean {
  return choice === 'ALL' || (choice === 'LAST' && isLast);
}

function compileRegex(name: 'regex' | 'exclude', given: string | null | undefined): RE2JS | null {
  if (!given) return null;
  const pattern = checkedLength(name, given);
  const repetitions = countRepetitions(pattern);
  if (repetitions > maxRepetitions) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `filter.${name} has counts in braces that add up to ${repetitions}; at most ${maxRepetitions} are allowed.`,
    );
  }
  const size = expressionSize(pattern);
  if (size > maxExpressionSize) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `filter.${name} makes about ${size} steps of its repetitions; at most ${maxExpressionSize} are allowed.`,
    );
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new TrainyardError(
      'BAD_USER_INPUT',
      `filter.${name} is not an RE2 expression: ${shortened(messageOf(error))}. The syntax: https://github.com/google/re2/wiki/Syntax`,
      { cause: error },
    );
  }
}

function countRepetitions(pattern: string): number {
  let sum = 0;
  // Braces behind \x or \p name a character or a class of them.
  for (const [, least, most] of pattern.matchAll(/(?<!\\[xpP])\{(\d+)(?:,(\d*))?\}/g)) {
    sum += Math.max(Number(least), Number(most ?? 0));
  }
  return sum;
}

function checkedLength(name: string, pattern: string): string {
  if (pattern.length <= maxPatternChars) return pattern;
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `filter.${name} has ${pattern.length} characters; at most ${maxPatternChars} are allowed.`,
  );
}
