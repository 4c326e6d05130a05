import { GraphError } from '@trainyard/client';
import { CombinedError } from '@urql/core';

/** What urql reports, as the error that the client package reports. */
export function problemOf(error: CombinedError): GraphError {
  const [first] = error.graphQLErrors;
  if (first) {
    const { code } = first.extensions;
    return new GraphError(typeof code === 'string' ? code : 'INTERNAL', first.message, {
      cause: error,
    });
  }
  const closed: unknown = error.networkError?.cause;
  if (closed instanceof CloseEvent && (closed.code === 4401 || closed.code === 4403)) {
    return new GraphError('UNAUTHENTICATED', 'The server asks for a token.', { cause: error });
  }
  const message = 'The server does not answer. Trying again.';
  return new GraphError('DISCONNECTED', message, { cause: error });
}

/** What a subscription ends with: GraphQL errors, a close event or any other failure. */
export function sinkProblem(error: unknown): GraphError {
  if (Array.isArray(error)) return problemOf(new CombinedError({ graphQLErrors: error }));
  const networkError = error instanceof Error ? error : new Error('closed', { cause: error });
  return problemOf(new CombinedError({ networkError }));
}

/** Any error as one that can be shown. */
export function asProblem(error: unknown): GraphError {
  if (error instanceof GraphError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GraphError('INTERNAL', message, { cause: error });
}
