import fc from 'fast-check';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { encodeJson } from '../../src/lib/text/encode-json.ts';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('🚂', '\ud83d', '"\n\\'));
const long = fc
  .tuple(
    fc.array(fc.oneof(text, fc.jsonValue()), { minLength: 1 }),
    fc.integer({ min: 1, max: 99 }),
  )
  .map(([some, times]) => Array.from({ length: times }, () => some).flat());
const value = fc.oneof(fc.jsonValue(), text, long, fc.constantFrom(undefined, new Date(0)));

test('an object is encoded as JSON.stringify writes it', () => {
  const nested = fc.dictionary(fc.string(), fc.oneof(value, fc.dictionary(fc.string(), value)));
  fc.assert(
    fc.property(nested, fc.constantFrom('', '}'), (object, after) => {
      const json = `data: ${JSON.stringify(object)}${after}`;
      expect(encodeJson(object, { before: 'data: ', after }).toString()).toBe(json);
    }),
  );
});

test('a page and an error are, too', () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `line ${n} █é🚂 ${'x'.repeat(n % 300)}`);
  const data = Object.assign(Object.create(null), { logs: { lines, offset: 0, gaps: [] } });
  const result = { data, errors: [new GraphQLError('no', { path: ['a', 0] })] };
  expect(encodeJson(result).toString()).toBe(JSON.stringify(result));
});
