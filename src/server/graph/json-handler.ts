import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import { createHandler, type Response } from 'graphql-http';
import { encodeJson } from '../../lib/text/encode-json.ts';
import { errorBody, refuse } from '../checks/refusal.ts';
import { type Operation, prepareOperation } from './operations.ts';
import { type GraphServer, maxBodyBytes } from './yoga.ts';

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Serves plain operations, which are nearly all: one question, one JSON back. Runs them in Yoga's pipeline,
 * yet without its Request and Response objects, which cost more than the operation itself.
 */
export function createJsonHandler(graph: GraphServer): Serve {
  // Beside what graphql-http hands on, which must be a string.
  const bodies = new WeakMap<IncomingMessage, Buffer>();
  const handle = createHandler<IncomingMessage, undefined, Record<string, unknown>>({
    onSubscribe: async ({ method }, { query, operationName, variables }) => {
      const operation = await prepareOperation(graph, { query, operationName, variables });
      if (!('document' in operation)) return operation;
      const kind = getOperationAST(operation.document, operationName)?.operation;
      if (kind === 'subscription') return [streamElsewhere];
      return kind === 'mutation' && method === 'GET' ? postInstead : operation;
    },
    execute: (args) => (args as Operation).execute(args),
    // Turned into bytes here, since graphql-http's own way visits every value of a result.
    onOperation: ({ raw }, _args, result) => {
      if (Symbol.asyncIterator in result) return undefined;
      bodies.set(raw, encodeJson(result));
      return ['', answerInit(raw, result)];
    },
    formatError: withCode,
  });
  return async (request, response) => {
    const body = await readBody(request);
    if (body === null) {
      const message = `The request has more than ${maxBodyBytes} bytes.`;
      return refuse(response, { status: 413, code: 'BAD_USER_INPUT', message });
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
    if (answer === null) return refuse(response, unacceptable(init.status));
    const bytes = bodies.get(request) ?? Buffer.from(answer);
    response.writeHead(init.status, { ...init.headers, 'content-length': bytes.length });
    response.end(bytes);
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

const streamElsewhere = withCode(
  new Error('Subscribe with `Accept: text/event-stream`, or over graphql-ws on the same path.'),
);

const postInstead = [
  JSON.stringify(errorBody({ code: 'BAD_USER_INPUT', message: 'Send mutations by POST.' })),
  { status: 405, statusText: '', headers: { allow: 'POST', 'content-type': json } },
] as const satisfies Response;

/** Where graphql-http answers without a body, it is about what the client sends or accepts. */
function unacceptable(status: number) {
  const message =
    status === 406
      ? 'The answer comes as application/json or application/graphql-response+json, in UTF-8.'
      : 'Send operations as `Content-Type: application/json`, in UTF-8.';
  return { status, code: 'BAD_USER_INPUT', message } as const;
}

/** What is wrong with a request before there is an operation. */
function withCode(error: Error): GraphQLError {
  if (error instanceof GraphQLError && error.extensions.code) return error;
  return new GraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The body as text; null where it is too large. The rest of a too large one is not read. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** True for what `createJsonHandler` serves; streams are Yoga's. */
export function isPlainOperation({ method, headers }: IncomingMessage): boolean {
  const { accept = '*/*', 'content-type': type = '' } = headers;
  return (
    (method === 'GET' || type.startsWith('application/json')) &&
    !accept.includes('text/event-stream') &&
    !accept.includes('multipart/mixed')
  );
}
