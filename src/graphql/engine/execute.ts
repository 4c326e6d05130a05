import {
  type ASTVisitor,
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  getVariableValues,
  isLeafType,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import { type PagePool, PageRoom } from '../../logs/read/page-room.ts';
import { contextOf } from './context.ts';

export type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** How often an operation runs before it is compiled: compiling takes as long as a few runs. */
const runsBefore = 4;
/** A document longer than this, in UTF-16 units, is never compiled. */
const maxCompiledChars = 4096;
/** The most operations compiled in one second: V8 keeps compiled code for a while, even if nobody needs it any more. */
const maxCompilesPerSecond = 4;

export interface ExecutorOptions {
  /** Called with the reason where an operation could not be compiled; it is executed without. */
  onFailure(error: unknown): void;
  /** Called when the first operation is compiled: loading its hundred modules earlier would slow the server's start by a tenth. */
  loadCompiler?(): Promise<Pick<typeof import('graphql-jit'), 'compileQuery' | 'isCompiledQuery'>>;
}

/**
 * An executor that compiles operations which come again and again. A compiled operation lives as long as its
 * parsed document, so the document cache bounds their number. An operation that is new, large, one of too many
 * or impossible to compile is executed by GraphQL itself.
 */
export function createExecutor({
  onFailure,
  loadCompiler = () => import('graphql-jit'),
}: ExecutorOptions): Execute {
  const runs = new WeakMap<OperationDefinitionNode, number>();
  const compiled = new WeakMap<OperationDefinitionNode, CompiledQuery>();
  const budget = new CompileBudget();
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName);
    if (!operation) return execute(args);
    const query = compiled.get(operation);
    if (query) return run(query, operation, args);
    const count = (runs.get(operation) ?? 0) + 1;
    const isDue = count > runsBefore && isSmall(args) && budget.take();
    // An operation is compiled only once. While that takes its time, it runs uncompiled for others.
    runs.set(operation, isDue ? Number.NEGATIVE_INFINITY : count);
    if (!isDue) return execute(args);
    const compiling = compile(args, loadCompiler).catch((error: unknown) => {
      onFailure(error);
      return null;
    });
    return compiling.then((made) => {
      if (made === null) return execute(args);
      compiled.set(operation, made);
      return run(made, operation, args);
    });
  };
}

function run(
  { query }: CompiledQuery,
  operation: OperationDefinitionNode,
  args: ExecutionArgs,
): ExecutionResult | Promise<ExecutionResult> {
  const { schema, rootValue, contextValue, variableValues } = args;
  // Compiled code accepts some wrong variables, such as a list for an object, and explains others badly.
  const { variableDefinitions = [] } = operation;
  const { errors } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  const result = errors ? {} : query(rootValue, contextValue, variableValues);
  return 'then' in result || 'data' in result ? result : execute(args);
}

function isSmall({ document }: ExecutionArgs): boolean {
  return (document.loc?.source.body.length ?? 0) <= maxCompiledChars;
}

/** The compiled operation; null where the compiler does not support it. */
async function compile(
  { schema, document, operationName }: ExecutionArgs,
  loadCompiler: Required<ExecutorOptions>['loadCompiler'],
): Promise<CompiledQuery | null> {
  if (hasUnfitScalar(schema, document)) return null;
  const { compileQuery, isCompiledQuery } = await loadCompiler();
  const query = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(query) ? query : null;
}

/** Whether a scalar's literal holds a variable, as in `config: { lr: $lr }`, or a key `__proto__`: compiled code would lose both. */
function hasUnfitScalar(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  const visitor: ASTVisitor = {
    ObjectValue(literal) {
      if (!isLeafType(getNamedType(types.getInputType()))) return undefined;
      visit(literal, {
        Variable() {
          found = true;
          return BREAK;
        },
        ObjectField({ name }) {
          found ||= name.value === '__proto__';
          return found ? BREAK : undefined;
        },
      });
      return found ? BREAK : false;
    },
  };
  visit(document, visitWithTypeInfo(types, visitor));
  return found;
}

/** Executes each operation with a room of its own for log pages, and releases the room when the result is ready. */
export function withinRoom(execute: Execute, pool: PagePool): Execute {
  return (args) => {
    const room = new PageRoom(pool);
    const result = execute({ ...args, contextValue: { ...contextOf(args), room } });
    if ('then' in result) return result.finally(() => room.release());
    room.release();
    return result;
  };
}

class CompileBudget {
  #second = -1;
  #left = 0;

  take(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#left = maxCompilesPerSecond;
    this.#second = second;
    this.#left -= 1;
    return this.#left >= 0;
  }
}
