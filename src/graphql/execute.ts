import { type DocumentNode, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/**
 * An executor that compiles each operation once. Compiled operations live as long as their parsed
 * document, so the document cache bounds them. What cannot be compiled is executed as it is.
 */
export function createExecutor(): Execute {
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledQuery | null>>();
  return (args) => {
    const query = compiledQuery(compiled, args);
    return query
      ? query.query(args.rootValue, args.contextValue, args.variableValues)
      : execute(args);
  };
}

function compiledQuery(
  cache: WeakMap<DocumentNode, Map<string, CompiledQuery | null>>,
  { schema, document, operationName }: ExecutionArgs,
): CompiledQuery | null {
  let operations = cache.get(document);
  if (!operations) {
    operations = new Map();
    cache.set(document, operations);
  }
  const name = operationName ?? '';
  let query = operations.get(name);
  if (query === undefined) {
    const result = compileQuery(schema, document, operationName ?? undefined);
    query = isCompiledQuery(result) ? result : null;
    operations.set(name, query);
  }
  return query;
}
