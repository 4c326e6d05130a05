import { readFile } from 'node:fs/promises';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';

const api = buildSchema(
  await readFile(new URL('../../schema/api.graphql', import.meta.url), 'utf8'),
);

/** Each part of a type that people read about: itself, its fields, their arguments, its values. */
function* partsOf(type: GraphQLNamedType): Generator<[string, string | null | undefined]> {
  yield [type.name, type.description];
  if (isEnumType(type)) {
    for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description];
  }
  if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      yield [`${type.name}.${field.name}`, field.description];
    }
  }
  if (!isObjectType(type)) return;
  for (const field of Object.values(type.getFields())) {
    const name = `${type.name}.${field.name}`;
    yield [name, field.description];
    for (const arg of field.args) yield [`${name}(${arg.name}:)`, arg.description];
  }
}

test('everything in the schema is described', () => {
  const types = Object.values(api.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const bare = types
    .flatMap((type) => [...partsOf(type)])
    .filter(([, description]) => !description)
    .map(([name]) => name);
  expect(bare).toEqual([]);
});

test('the schema for clients knows nothing of federation', () => {
  expect(api.getDirective('key')).toBeUndefined();
  expect(Object.keys(api.getTypeMap()).filter((name) => /^_[^_]/.test(name))).toEqual([]);
  expect(Object.keys(api.getQueryType()?.getFields() ?? {})).not.toContain('_entities');
});
