import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/**
 * An executor that compiles an operation when it comes a second time, so that the first asking of
 * many different ones costs no more than it must. Compiled operations live as long as their parsed
 * document, so the document cache bounds them. What cannot be compiled is executed as it is.
 */
export function createExecutor(): Execute {
  const compiled = new WeakMap<OperationDefinitionNode, CompiledQuery | null>();
  const seen = new WeakSet<OperationDefinitionNode>();
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation || !seen.has(operation)) {
      if (operation) seen.add(operation);
      return execute(args);
    }
    let query = compiled.get(operation);
    if (query === undefined) {
      query = compile(args);
      compiled.set(operation, query);
    }
    return query
      ? query.query(args.rootValue, args.contextValue, args.variableValues)
      : execute(args);
  };
}

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery | null {
  const query = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(query) ? query : null;
}
