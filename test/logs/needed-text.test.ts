import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, it, test } from 'vitest';
import { neededText } from '../../src/logs/read/needed-text.ts';
import { rawChunk } from '../../src/store/chunk.ts';
import { buildFilter } from '../../src/store/search-index/build.ts';
import { openFilter } from '../../src/store/search-index/filter.ts';
import { sectionQuery } from '../../src/store/search-index/query.ts';

const needed = (pattern: string) => neededText(pattern, RE2JS.compile(pattern));

test.each([
  ['out of memory', 'out of memory'],
  ['^Traceback \\(most', 'Traceback (most'],
  ['CUDA.*memory', { all: ['CUDA', 'memory'] }],
  ['Traceback|NaN', { any: ['Traceback', 'NaN'] }],
  ['(?:Type|Value)Error: ', { all: [{ any: ['Type', 'Value'] }, 'Error: '] }],
  ['epoch \\d+(?: loss)?', 'epoch '],
  ['\\Qa|b\\E', 'a|b'],
  ['(?i)Out of Memory', { all: ['Out of Memory'] }],
  ['(?is)cuda.memory', { all: [{ all: ['cuda'] }, { all: ['memory'] }] }],
  // Beyond ASCII, the other case has other bytes.
  ['(?i)größe', { all: ['gr', 'e'] }],
  ['größe', 'größe'],
])('%j needs %j', (pattern, text) => {
  expect(needed(pattern)).toEqual(text);
});

test.each([
  '\\d+',
  'a*',
  '(?:loss)?',
  'x|',
  'loss|\\d',
  '(?i)é',
  '(?i)é|loss',
  '(?i:loss)',
  '[kK]',
])('%j needs nothing that is known', (pattern) => {
  expect(needed(pattern)).toBeNull();
});

const letters = ['k', 'K', '\u212a', 's', '\u017f', 'é', 'É', '|'];
const texts = ['ks', 'ſKs', 'Éks', 'kék', '|s|', 'sKk'].map((text) => RE2JS.quote(text));
const pieces = [...texts, '.', '[ks]', '[^é]', '\\w', '\\Qk|s\\E', '^', '$', '\\b'];
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }).map((all) => all.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}|${b}`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}'))
      .map(([a, times]) => `(${a})${times}`),
    fc
      .tuple(fc.constantFrom('i', '-i', 'i-s', 's', 'U'), tie('pattern'))
      .map(([flags, a]) => `(?${flags}:${a})`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}(?i)${b}`),
  ),
}));
const expression = fc
  .tuple(fc.constantFrom('', '(?i)', '(?is)', '(?mi)', '(?s)'), pattern)
  .map(([flags, rest]) => `${flags}${rest}`);
const line = fc.array(fc.constantFrom(...letters), { maxLength: 14 }).map((all) => all.join(''));

// So much text that its trigrams are kept, none of which a line can hold.
const filler = Array.from({ length: 40 }, () => '=-=-=-='.repeat(200));

/** Whether the filter of a section with these lines lets an expression pass, and whether it matches one of them. */
function look(expressionText: string, lines: string[]): { may: boolean; matches: boolean } {
  const compiled = RE2JS.compile(expressionText);
  const text = neededText(expressionText, compiled);
  const all = [...filler, ...lines];
  const runs = [{ count: all.length, time: 0, source: null }];
  const filter = openFilter(buildFilter({ key: '', chunks: [rawChunk({ lines: all, runs })] }), '');
  if (filter === null) throw new Error('the filter cannot be opened');
  const needs = { text, minLevel: null, since: 0, until: 1, sources: null };
  return {
    may: sectionQuery(needs)(filter) !== 0,
    matches: lines.some((one) => compiled.test(one)),
  };
}

it('never lets a filter rule out a line that the expression matches', () => {
  let ruledOut = 0;
  let matched = 0;
  fc.assert(
    fc.property(expression, fc.array(line, { minLength: 1, maxLength: 6 }), (text, lines) => {
      const { may, matches } = look(text, lines);
      if (!may) ruledOut += 1;
      if (matches) matched += 1;
      expect(may || !matches).toBe(true);
    }),
    { numRuns: 1000 },
  );
  // Both happen often, or this shows nothing.
  expect(Math.min(ruledOut, matched)).toBeGreaterThan(100);
});

it('finds a text in any case that RE2 takes for the same', () => {
  const cases = [
    'kK\u212a',
    'sS\u017f',
    'aA',
    'zZ',
    'éÉ',
    'µ\u03bc\u039c',
    'ßẞ',
    'åÅ\u212b',
    'iI',
    '1',
  ];
  const letter = fc
    .tuple(fc.constantFrom(...cases.map((same) => [...same])), fc.nat(), fc.nat())
    .map(([same, a, b]) => [same[a % same.length] ?? '', same[b % same.length] ?? ''] as const);
  fc.assert(
    fc.property(fc.array(letter, { minLength: 3, maxLength: 8 }), line, line, (both, a, b) => {
      const asked = RE2JS.quote(both.map(([one]) => one).join(''));
      const printed = both.map(([, other]) => other).join('');
      expect(look(`(?i)${asked}`, [`${a}${printed}${b}`])).toEqual({ may: true, matches: true });
    }),
    { numRuns: 500 },
  );
});
