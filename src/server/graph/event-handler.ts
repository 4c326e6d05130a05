import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionResult, getOperationAST } from 'graphql';
import { parseRequestParams } from 'graphql-http';
import { messageOf } from '../../core/errors.ts';
import type { Asker } from '../../graphql/engine/context.ts';
import { encodeJson } from '../../lib/text/encode-json.ts';
import type { Pace } from '../../logs/read/pace.ts';
import { type Refusal, refuse } from '../checks/refusal.ts';
import { sendPiece } from '../connections/send-piece.ts';
import type { Unsent } from '../connections/unsent.ts';
import type { Bodies } from './bodies.ts';
import type { ServeGraph } from './json-handler.ts';
import { type OperationParams, prepareOperation } from './operations.ts';
import { readRequest, unacceptable } from './request.ts';
import type { GraphServer } from './yoga.ts';

type Results = AsyncGenerator<ExecutionResult, void, void>;

export interface EventHandlerOptions {
  graph: GraphServer;
  unsent: Unsent;
  bodies: Bodies;
  /** Milliseconds between two comments that keep a quiet connection open. */
  pingMs: number;
}

/** Whether the client wants server-sent events: where `Accept` names them, and not JSON before them. */
export function wantsEvents({ headers }: IncomingMessage): boolean {
  const accept = headers.accept?.toLowerCase() ?? '';
  const events = accept.indexOf('text/event-stream');
  const json = accept.search(/application\/(?:[\w-]+\+)?json/);
  return events !== -1 && (json === -1 || events < json);
}

/**
 * Serves operations as server-sent events, in the "distinct connections mode" of graphql-sse's protocol: one
 * event `next` for each result, then `complete`. It asks for the next result when the one before has left.
 */
export function createEventHandler(options: EventHandlerOptions): ServeGraph {
  return async (request, response, asker) => {
    const params = await paramsOf(request, { ...options, pace: asker.pace });
    if (response.destroyed) return;
    if ('code' in params) return refuse(response, params);
    const results = await run(options.graph, { params, asker, method: request.method });
    if ('code' in results) return refuse(response, results);
    await sendEvents(response, results, options);
  };
}

/** A function of its own, so that nothing else of the request is kept while its stream goes on. */
async function paramsOf(
  request: IncomingMessage,
  options: { bodies: Bodies; pace: Pace },
): Promise<OperationParams | Refusal> {
  const read = await readRequest(request, { ...options, isStream: true });
  if ('code' in read) return read;
  try {
    const params = await parseRequestParams(read);
    if (!('query' in params)) return unacceptable(params[1].status);
    const { query, operationName, variables } = params;
    return { query, operationName, variables };
  } catch (error) {
    return { status: 400, code: 'BAD_USER_INPUT', message: messageOf(error) };
  }
}

async function run(
  graph: GraphServer,
  asked: { params: OperationParams; asker: Asker; method: string | undefined },
): Promise<Results | Refusal> {
  const { params, asker, method } = asked;
  const operation = await prepareOperation(graph, params, asker);
  if (!('document' in operation)) return once({ errors: operation });
  const kind = getOperationAST(operation.document, params.operationName)?.operation;
  if (kind === 'mutation' && method === 'GET') {
    const message = 'Send mutations by POST.';
    return { status: 405, code: 'BAD_USER_INPUT', message, headers: { Allow: 'POST' } };
  }
  const started = await (kind === 'subscription' ? operation.subscribe : operation.execute)(
    operation,
  );
  return Symbol.asyncIterator in started ? started : once(started);
}

async function* once(result: ExecutionResult): Results {
  yield result;
}

async function sendEvents(
  response: ServerResponse,
  results: Results,
  { unsent, pingMs }: EventHandlerOptions,
): Promise<void> {
  const left = () => void results.return();
  response.once('close', left);
  if (response.destroyed) return void results.return();
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    Connection: 'keep-alive',
  });
  // Some browsers show nothing of a stream before its first bytes.
  response.write(comment);
  const ping = setInterval(() => {
    if (response.writableLength === 0 && !response.writableEnded) response.write(comment);
  }, pingMs);
  try {
    for await (const result of results) {
      const event = ['event: next\ndata: ', encodeJson(result), '\n\n'];
      // The loop holds the result while the bytes are sent, so its data is given up here.
      result.data = null;
      if (!(await sendPiece(response, event, unsent))) return;
    }
    // A stream that was ended because the server stops is not complete.
    if (!response.writableEnded) response.end('event: complete\ndata:\n\n');
  } finally {
    clearInterval(ping);
    response.off('close', left);
  }
}

const comment = ':\n\n';
