import type { Client } from 'graphql-ws/client';
import { GraphError, toGraphError } from './errors.ts';
import type { QueryText } from './generated/texts.ts';

/** Makes one query or mutation over a graphql-ws client. Rejects with a `GraphError`, or with the signal's reason. */
export function ask<Data, Variables extends Record<string, unknown>>(
  client: Client,
  request: { query: QueryText<Data, Variables>; variables: Variables },
  signal: AbortSignal,
): Promise<Data> {
  const { promise, resolve, reject } = Promise.withResolvers<Data>();
  const cancel = client.subscribe<Data>(
    { query: request.query, variables: request.variables },
    {
      next: ({ data, errors }) => {
        if (data && !errors) resolve(data);
        else reject(toGraphError(errors));
      },
      error: (error) => reject(toGraphError(error)),
      // After a result this changes nothing, because the promise is settled.
      complete: () =>
        reject(new GraphError('DISCONNECTED', 'No answer came.', { cause: undefined })),
    },
  );
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    cancel();
  });
}
