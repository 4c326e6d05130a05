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

/** Runs before an operation is compiled: compiling takes as long as a few runs. */
const runsBefore = 4;
/** A longer document is never compiled, in UTF-16 units. */
const maxCompiledChars = 4096;
/** Operations compiled in one second: V8 keeps the code for a while, whoever still needs it. */
const maxCompilesPerSecond = 4;

export interface ExecutorOptions {
  /** Told why an operation could not be compiled; it is executed as it is. */
  onFailure(error: unknown): void;
  /** Called when the first operation is due: a hundred modules would take a tenth of the server's start. */
  loadCompiler?(): Promise<Pick<typeof import('graphql-jit'), 'compileQuery' | 'isCompiledQuery'>>;
}

/**
 * An executor that compiles an operation which comes again and again. Compiled operations live as long as
 * their parsed document, so the document cache bounds them. What is not compiled, because it is new,
 * large, one of too many or cannot be, is executed as it is.
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
    // Once only: while it is being compiled, others run as before.
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
  // Compiled code lets some wrong variables pass, such as a list for an object, and says less of others.
  const { variableDefinitions = [] } = operation;
  const { errors } = getVariableValues(schema, variableDefinitions, variableValues ?? {});
  const result = errors ? {} : query(rootValue, contextValue, variableValues);
  return 'then' in result || 'data' in result ? result : execute(args);
}

function isSmall({ document }: ExecutionArgs): boolean {
  return (document.loc?.source.body.length ?? 0) <= maxCompiledChars;
}

/** Null where the compiler cannot do it. */
async function compile(
  { schema, document, operationName }: ExecutionArgs,
  loadCompiler: Required<ExecutorOptions>['loadCompiler'],
): Promise<CompiledQuery | null> {
  if (hasUnfitScalar(schema, document)) return null;
  const { compileQuery, isCompiledQuery } = await loadCompiler();
  const query = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(query) ? query : null;
}

/** Whether a scalar's literal holds a variable, as in `config: { lr: $lr }`, or a key `__proto__`: the compiler would lose them. */
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

/** Executes with a room of its own for log pages, which is given up when the result is there. */
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
