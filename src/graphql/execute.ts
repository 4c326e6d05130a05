import {
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  getOperationAST,
  type OperationDefinitionNode,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** A longer document is never compiled, in UTF-16 units. */
const maxCompiledChars = 4096;
/** Operations compiled in one second: V8 keeps the code for a while, whoever still needs it. */
const maxCompilesPerSecond = 4;

/**
 * An executor that compiles an operation which has come before. Compiled operations live as long as
 * their parsed document, so the document cache bounds them. What is not compiled, because it is new,
 * large, one of too many or cannot be, is executed as it is.
 */
export function createExecutor(): Execute {
  const seen = new WeakSet<OperationDefinitionNode>();
  const compiled = new WeakMap<OperationDefinitionNode, CompiledQuery | null>();
  const budget = new CompileBudget();
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation) return execute(args);
    let query = compiled.get(operation);
    if (query === undefined && seen.has(operation) && isSmall(args) && budget.take()) {
      query = compile(args);
      compiled.set(operation, query);
    }
    seen.add(operation);
    if (!query) return execute(args);
    const result = query.query(args.rootValue, args.contextValue, args.variableValues);
    // Nothing was run, since the variables are wrong: GraphQL itself says better what is.
    return 'then' in result || 'data' in result ? result : execute(args);
  };
}

function isSmall({ document }: ExecutionArgs): boolean {
  return (document.loc?.source.body.length ?? 0) <= maxCompiledChars;
}

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery | null {
  const query = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(query) ? query : null;
}

class CompileBudget {
  #second = 0;
  #left = 0;

  take(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#left = maxCompilesPerSecond;
    this.#second = second;
    this.#left -= 1;
    return this.#left >= 0;
  }
}
