import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileFilter } from '../../src/logs/read/filter.ts';

const pieces = ['3', '6', 'loss', 'ü', ' ', '\u001b[36m', '\u001b[0m', '\u001b[1;3', '\u001b]8;;x'];
const line = fc
  .array(fc.constantFrom(...pieces, '\u0007', '\u001b[K', 'm', '\u001b'), { maxLength: 8 })
  .map((parts) => parts.join(''));
const needle = fc
  .array(fc.constantFrom('3', '6', 'loss', 'ü', ' ', 'm', '['), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));

it('never passes over a chunk that holds a line that matches', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), needle, (lines, contains) => {
      const matcher = compileFilter({ contains });
      const matches = lines.some((text) => matcher?.text(text));
      fc.pre(matches);
      expect(matcher?.maybe?.(Buffer.from(lines.join('\n')))).toBe(true);
    }),
  );
});

it.each([
  ['36', '\u001b[36mcyan\u001b[0m', false],
  ['36', '\u001b[1m3\u001b[0m6', true],
  ['a b', 'a\u001b[31m b', true],
  ['\u001b[1mbold\u001b[0m', 'a bold word', true],
])('finds %j in %j: %s', (contains, text, found) => {
  const matcher = compileFilter({ contains });
  expect(matcher?.text(text)).toBe(found);
  expect(matcher?.maybe?.(Buffer.from(text))).toBe(found);
});
