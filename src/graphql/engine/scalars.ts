import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { exactNumber, findInexact } from '../../lib/text/exact-json.ts';

/** A moment as RFC 3339 text. Resolvers give milliseconds since 1970 and get a Date. */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'A moment as text of RFC 3339, in UTC with milliseconds: `2026-06-01T12:02:03.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: formatDate,
  parseValue: parseDate,
  parseLiteral: (node) => parseDate(node.kind === Kind.STRING ? node.value : null),
});

/** Any JSON object. */
export const JsonObjectScalar = new GraphQLScalarType<object, object>({
  name: 'JSONObject',
  description: 'A JSON object, such as `{"learning_rate": 0.001, "epochs": 3}`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: checkObject,
  parseValue: parseObject,
  parseLiteral: (node, variables) => parseObject(literalValue(node, variables)),
});

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

let lastTime = 0;
let lastText = new Date(0).toISOString();

function formatDate(value: unknown): string {
  if (typeof value !== 'number') {
    throw new TypeError('A DateTime is resolved as milliseconds since 1970.');
  }
  // Lines that were captured together have the same time, and a page holds hundreds of them.
  if (value !== lastTime) {
    lastText = new Date(value).toISOString();
    lastTime = value;
  }
  return lastText;
}

function parseDate(value: unknown): Date {
  const isText = typeof value === 'string' && rfc3339.test(value) && isDay(value);
  const date = isText ? new Date(value) : null;
  if (date && !Number.isNaN(date.getTime())) return date;
  throw new GraphQLError('A DateTime is RFC 3339 text with a zone, such as 2026-06-01T12:00:00Z.');
}

/** False for a day that its month does not have: `Date` would take the 30th of February for one in March. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1;
}

function parseObject(value: unknown): object {
  const object = checkObject(value);
  if (!nestsWithin(object, maxLevels)) {
    throw new GraphQLError(`A JSONObject nests at most ${maxLevels} levels deep.`);
  }
  // `config` is the one field that takes such objects, so errors name it.
  const inexact = findInexact(object, 'config');
  if (inexact !== null) throw new GraphQLError(inexact);
  return object;
}

function checkObject(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new GraphQLError('A JSONObject is an object in braces, such as {"epochs": 3}.');
}

/** Bounds the depth of a value, so that later code may walk through it recursively. */
const maxLevels = 100;

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => nestsWithin(inner, levels - 1));
}

function literalValue(node: ValueNode, variables: Record<string, unknown> | null | undefined) {
  const read = (inner: ValueNode): unknown => {
    switch (inner.kind) {
      case Kind.OBJECT:
        return Object.fromEntries(inner.fields.map(({ name, value }) => [name.value, read(value)]));
      case Kind.LIST:
        return inner.values.map(read);
      case Kind.INT:
      case Kind.FLOAT:
        return exactNumber(inner.value);
      case Kind.NULL:
        return null;
      case Kind.VARIABLE:
        return variables?.[inner.name.value] ?? null;
      default:
        return inner.value;
    }
  };
  return read(node);
}
