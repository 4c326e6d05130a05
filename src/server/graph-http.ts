import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError } from 'graphql';
import { createHandler } from 'graphql-http';
import { type Operation, prepareOperation } from './operations.ts';
import { type createGraphServer, maxBodyBytes } from './yoga.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Serves plain operations, which are nearly all: JSON posted, JSON back. Runs them in Yoga's pipeline,
 * yet without its Request and Response objects, which cost more than the operation itself.
 */
export function createJsonHandler(yoga: ReturnType<typeof createGraphServer>): Serve {
  const handle = createHandler<IncomingMessage, undefined, Record<string, unknown>>({
    onSubscribe: (_request, { query, operationName, variables }) =>
      prepareOperation(yoga, { query, operationName, variables }),
    execute: (args) => (args as Operation).execute(args),
    // Turned into text here, since graphql-http's own way visits every value of a result.
    onOperation: ({ raw }, _args, result) =>
      Symbol.asyncIterator in result
        ? undefined
        : [JSON.stringify(result), answerInit(raw, result)],
    formatError: withCode,
  });
  return async (request, response) => {
    const body = await readBody(request);
    if (body === null) {
      const error = withCode(new Error(`The request has more than ${maxBodyBytes} bytes.`));
      response.writeHead(413, { 'content-type': json, connection: 'close' });
      response.end(JSON.stringify({ errors: [error] }));
      return;
    }
    const { url = '/', method = 'POST', headers } = request;
    const [answer, init] = await handle({
      url,
      method,
      headers,
      body,
      raw: request,
      context: undefined,
    });
    response.writeHead(init.status, init.headers);
    response.end(answer);
  };
}

const json = 'application/json; charset=utf-8';
const graphJson = 'application/graphql-response+json; charset=utf-8';

/** By GraphQL over HTTP: 400 for an operation that could not begin, where the client knows the newer type. */
function answerInit({ headers }: IncomingMessage, result: ExecutionResult) {
  const newer = headers.accept?.includes('application/graphql-response+json') ?? false;
  const status = newer && !('data' in result) ? 400 : 200;
  return { status, statusText: '', headers: { 'content-type': newer ? graphJson : json } };
}

/** What is wrong with a request before there is an operation. */
function withCode(error: Error): GraphQLError {
  if (error instanceof GraphQLError && error.extensions.code) return error;
  return new GraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The body as text; null where it is too large. The rest of a too large one is not read. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** True for what `createJsonHandler` serves; server-sent events, GET and GraphiQL are Yoga's own. */
export function isPlainOperation({ method, headers }: IncomingMessage): boolean {
  const { accept = '*/*', 'content-type': type = '' } = headers;
  return (
    method === 'POST' &&
    type.startsWith('application/json') &&
    !accept.includes('text/event-stream') &&
    !accept.includes('multipart/mixed')
  );
}
