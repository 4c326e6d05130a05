import type { CodegenConfig } from '@graphql-codegen/cli';

// Typed documents for every operation in schema/operations: `npm run codegen`.
const config: CodegenConfig = {
  schema: 'schema/api.graphql',
  documents: 'schema/operations/*.graphql',
  importExtension: '.ts',
  generates: {
    'packages/client/src/generated/graphql.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        inlineFragmentTypes: 'combine',
        // A document names its fragments instead of repeating them: a third of the size.
        documentMode: 'documentNodeImportFragments',
        optimizeDocumentNode: true,
        scalars: { ID: 'string', DateTime: 'string', JSONObject: 'Record<string, unknown>' },
      },
    },
    'packages/client/src/generated/texts.ts': { plugins: ['./packages/client/query-texts.ts'] },
  },
};

export default config;
