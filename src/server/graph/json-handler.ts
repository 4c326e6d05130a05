import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import { createHandler } from 'graphql-http';
import type { Asker } from '../../graphql/engine/context.ts';
import { encodeJson } from '../../lib/text/encode-json.ts';
import { refuse } from '../checks/refusal.ts';
import { compressed } from '../connections/compress.ts';
import type { Unsent } from '../connections/unsent.ts';
import type { Bodies } from './bodies.ts';
import { type Operation, prepareOperation } from './operations.ts';
import { jsonType, postInstead, readRequest, unacceptable } from './request.ts';
import type { GraphServer } from './yoga.ts';

/** Serves one request, for whoever sent it. */
export type ServeGraph = (
  request: IncomingMessage,
  response: ServerResponse,
  asker: Asker,
) => Promise<void>;

/** Serves queries and mutations, each with one JSON answer. Refuses subscriptions. */
export function createJsonHandler({
  graph,
  unsent,
  bodies,
}: {
  graph: GraphServer;
  unsent: Unsent;
  bodies: Bodies;
}): ServeGraph {
  // graphql-http passes bodies on only as strings, so the bytes are kept here.
  const answers = new WeakMap<IncomingMessage, Buffer>();
  const handle = createHandler<IncomingMessage, Asker, Record<string, unknown>>({
    onSubscribe: async ({ method, context }, params) => {
      const operation = await prepareOperation(graph, params, context);
      if (!('document' in operation)) return operation;
      const kind = getOperationAST(operation.document, params.operationName)?.operation;
      if (kind === 'subscription') return [streamElsewhere];
      return kind === 'mutation' && method === 'GET' ? postInstead : operation;
    },
    execute: (args) => (args as Operation).execute(args),
    // The result becomes bytes here, because graphql-http would visit every value of it.
    onOperation: ({ raw }, _args, result) => {
      if (Symbol.asyncIterator in result) return undefined;
      answers.set(raw, encodeJson(result));
      return ['', answerInit(raw, result)];
    },
    formatError: withCode,
  });
  return async (request, response, asker) => {
    const read = await readRequest(request, { bodies, pace: asker.pace, isStream: false });
    if (response.destroyed) return;
    if ('code' in read) return refuse(response, read);
    const [answer, init] = await handle({ ...read, context: asker });
    if (answer === null) return refuse(response, unacceptable(init.status));
    const whole = answers.get(request) ?? Buffer.from(answer);
    const drop = () => response.destroy();
    response.once('close', unsent.hold({ bytes: whole.length, drop }));
    const { bytes, headers } = await compressed(whole, request.headers['accept-encoding']);
    if (response.destroyed) return;
    response.appendHeader('vary', 'Accept-Encoding');
    response.writeHead(init.status, {
      ...init.headers,
      ...headers,
      'content-length': bytes.length,
    });
    response.end(bytes);
  };
}

const graphJson = 'application/graphql-response+json; charset=utf-8';

/** The status and content type by "GraphQL over HTTP": 400 for an operation that could not begin, if the client accepts the newer type. */
function answerInit({ headers }: IncomingMessage, result: ExecutionResult) {
  const newer = headers.accept?.includes('application/graphql-response+json') ?? false;
  const status = newer && !('data' in result) ? 400 : 200;
  return { status, statusText: '', headers: { 'content-type': newer ? graphJson : jsonType } };
}

const streamElsewhere = withCode(
  new Error('Subscribe with `Accept: text/event-stream`, or over graphql-ws on the same path.'),
);

/** Gives an error that is found before there is an operation the code `BAD_USER_INPUT`. */
function withCode(error: Error): GraphQLError {
  if (error instanceof GraphQLError && error.extensions.code) return error;
  return new GraphQLError(error.message, { extensions: { code: 'BAD_USER_INPUT' } });
}
