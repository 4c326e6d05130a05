import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  exactNumber,
  findInexact,
  Inexact,
  parseExactJson,
} from '../../src/lib/text/exact-json.ts';

const kept = [
  '0',
  '-1',
  '9007199254740991',
  '9007199254740992',
  '0.1',
  '1e-7',
  '1E+22',
  '1e20',
].concat(['3.141592653589793238462643', '5e-324', '1.7976931348623157e308', '0.0', '0e9']);
const changed = [
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '1e999',
  '-1e999',
].concat(['1e-400', '-0', '-0.0', '-0e5', '1152921504606846976.0', '1'.padEnd(400, '0')]);

describe('a number of a text', () => {
  test.each(kept)('%s is passed on', (source) => {
    expect(exactNumber(source)).toBe(Number(source));
    expect(parseExactJson(`{"a": [${source}]}`)).toEqual({ a: [Number(source)] });
  });

  test.each(changed)('%s is told from what it would become', (source) => {
    expect(exactNumber(source)).toEqual(new Inexact(source));
    expect(findInexact(parseExactJson(`{"a": [1, {"b": ${source}}]}`), 'config')).toMatch(
      /^config\.a\[1\]\.b is .*send it as a text, "/,
    );
  });
});

test('whatever whole number is passed on arrives digit for digit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (whole) => {
      const read = exactNumber(String(whole));
      expect(read instanceof Inexact ? String(whole) : JSON.stringify(read)).toBe(String(whole));
    }),
  );
});

test('JSON without such numbers is read as ever', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      const value = parseExactJson(text);
      if (findInexact(value, 'it') === null) expect(value).toEqual(JSON.parse(text));
    }),
  );
  expect(Object.keys(parseExactJson('{"__proto__": 9007199254740993}') as object)).toEqual([
    '__proto__',
  ]);
});

test.each([
  [{ a: '\ud800' }, /^config\.a holds half/],
  [{ '\udfff': 1 }, /^A key of config holds half/],
  [{ a: Number.NaN }, /^config\.a is NaN/],
])('what is no text or no number is told by its path', (value, said) => {
  expect(findInexact(value, 'config')).toMatch(said);
});
