import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { expressionSize } from '../../src/logs/read/expression-size.ts';
import { compileFilter } from '../../src/logs/read/filter.ts';

test.each([
  'loss: \\d+',
  'x{1000}',
  '((a{10}){10}){10}',
  '(?i)error|warning{2,5}',
  '[a-z{2}\\]]{3,}(b(c{4})){2}',
  `(${'ab?'.repeat(100)}){9}`,
  '\\x{1F600}{3}\\(a\\){20}',
])('is near what the compiler makes of it: %s', (pattern) => {
  const made = RE2JS.compile(pattern).programSize();
  expect(expressionSize(pattern)).toBeGreaterThan(made / 4);
  expect(expressionSize(pattern)).toBeLessThan(made * 4);
});

test.each([
  `(${'a'.repeat(900)}){1000}`,
  `((${'ab?'.repeat(250)}){31}){31}`,
  `(${'x'.repeat(400)}){60}`,
])('an expression that would take the thread for long is refused unmade', (regex) => {
  expect(() => compileFilter({ regex })).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }),
  );
});

test('an expression that is no expression is left to the compiler', () => {
  for (const regex of ['(', 'a)', '{3}', '[', '\\']) {
    expect(() => compileFilter({ regex })).toThrow(/filter\.regex is not|^$/);
  }
});
