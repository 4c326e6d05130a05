import plugin from '@graphql-eslint/eslint-plugin';
import { Linter } from 'eslint';

const { configs, parser } = plugin;

/** What graphql-eslint says about a schema, a remark an entry. */
export async function lint(schema: string): Promise<string[]> {
  const messages = new Linter().verify(
    schema,
    {
      files: ['**/*.graphql'],
      plugins: { '@graphql-eslint': plugin },
      languageOptions: { parser, parserOptions: { graphQLConfig: { schema } } },
      rules: {
        ...configs['flat/schema-recommended'].rules,
        ...configs['flat/schema-relay'].rules,
        // Pages, payloads and values have no id, for none of them is asked for again by itself.
        '@graphql-eslint/strict-id-in-types': 'off',
        // Lists are bounded ones of values, and jobs are found by `job(id)` instead of by `node(id)`.
        '@graphql-eslint/relay-edge-types': [
          'error',
          { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
        ],
      },
    },
    { filename: 'schema.graphql' },
  );
  return messages.map(({ line, ruleId, message }) => `${line}: ${message} (${ruleId})`);
}
