import {
  concatAST,
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  print,
  separateOperations,
  stripIgnoredCharacters,
} from 'graphql';

/**
 * A plugin of graphql-codegen: the operations that follow a log as text, each typed as its document is. Following
 * sends text alone, so that no page needs the printer of graphql.
 */
export function plugin(
  _schema: GraphQLSchema,
  files: readonly { document?: DocumentNode }[],
): string {
  const all = concatAST(files.flatMap(({ document }) => document ?? []));
  const texts = Object.entries(separateOperations(all)).flatMap(([name, document]) => {
    const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    if (operation?.kind !== Kind.OPERATION_DEFINITION || !name.startsWith('Log')) return [];
    const type = `${name}${operation.operation === 'query' ? 'Query' : 'Subscription'}`;
    return [{ name, type, text: stripIgnoredCharacters(print(document)) }];
  });
  const types = texts.flatMap(({ type }) => [type, `${type}Variables`]);
  return [
    `import type { ${types.join(', ')} } from './graphql.ts';`,
    '/** An operation as text, with the types of its result and of its variables. */',
    'export type QueryText<Result, Variables> = string & { __apiType?: (variables: Variables) => Result };',
    ...texts.map(
      ({ name, type, text }) =>
        `export const ${name}Text: QueryText<${type}, ${type}Variables> = ${JSON.stringify(text)};`,
    ),
  ].join('\n');
}
