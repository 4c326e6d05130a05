import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Asker } from '../../graphql/engine/context.ts';
import type { Subscriber } from '../../graphql/engine/subscribe.ts';
import type { GraphServer } from './yoga.ts';

/** An operation as a client sends it, over any transport. */
export interface OperationParams {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation that is parsed and validated: its arguments, and the functions that run it. */
export interface Operation extends ExecutionArgs {
  contextValue: Record<string, unknown>;
  execute(args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult>;
  subscribe: Subscriber;
}

/**
 * Parses and validates an operation in the one pipeline, with its limits, caches and masking, that every
 * transport shares. Mistakes in the operation come back as errors.
 */
export async function prepareOperation(
  { yoga, publicError, subscribe }: GraphServer,
  params: OperationParams,
  asker: Asker,
): Promise<Operation | GraphQLError[]> {
  const { schema, execute, contextFactory, parse, validate } = yoga.getEnveloped({
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

/** Removes the HTTP status that Yoga would answer with, which concerns no client. It copies the error, because Yoga caches it. */
function withoutHttp(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions, path, originalError } = error;
  const { http: _, ...extensions } = error.extensions;
  const options = { nodes, source, positions, path, originalError, extensions };
  return new GraphQLError(message, options);
}
