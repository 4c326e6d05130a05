import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Asker } from '../../graphql/engine/context.ts';
import type { GraphServer } from './yoga.ts';

/** An operation as any transport brings it. */
export interface OperationParams {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation made ready by the pipeline: its arguments, and the functions that run it. */
export interface Operation extends ExecutionArgs {
  contextValue: Record<string, unknown>;
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
  subscribe(
    args: ExecutionArgs,
  ): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult>;
}

/**
 * Parses and validates an operation in the one pipeline that every transport shares: its limits, its
 * caches, its masking. What is wrong with the operation comes back as errors.
 */
export async function prepareOperation(
  { yoga, publicError }: GraphServer,
  params: OperationParams,
  asker: Asker,
): Promise<Operation | GraphQLError[]> {
  const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
    params,
  });
  try {
    const document: ExecutionArgs['document'] = parse(params.query);
    const errors: readonly GraphQLError[] = validate(schema, document);
    if (errors.length > 0) return errors.map(withoutHttp);
    return {
      schema,
      document,
      operationName: params.operationName,
      variableValues: params.variables,
      contextValue: { ...(await contextFactory()), ...asker },
      execute,
      subscribe,
    };
  } catch (error) {
    return [withoutHttp(publicError(error))];
  }
}

/** Which status Yoga would answer with is no client's concern. A copy: Yoga keeps what it has found. */
function withoutHttp(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, originalError } = error;
  const { http: _, ...extensions } = error.extensions;
  const options = { nodes, source, positions, path, originalError, extensions };
  return new GraphQLError(message, options);
}
