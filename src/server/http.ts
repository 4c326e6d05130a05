import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { SharedContext } from '../graphql/engine/context.ts';
import type { Providers } from '../jobs/providers.ts';
import { Turns } from '../lib/async/turns.ts';
import { closeServer, listen } from '../lib/system/http-server.ts';
import type { Logger } from '../lib/system/logger.ts';
import { quote } from '../lib/text/quote.ts';
import type { Pace } from '../logs/read/pace.ts';
import { type Access, tokenRefusal } from './checks/access.ts';
import { allowOrigin } from './checks/cors.ts';
import { internal, type Refusal, refuse } from './checks/refusal.ts';
import { defaultTimes, type ServerTimes } from './checks/times.ts';
import { Lanes } from './connections/lanes.ts';
import { Unsent } from './connections/unsent.ts';
import { serveConsole } from './console/serve.ts';
import { Bodies } from './graph/bodies.ts';
import { createEventHandler, wantsEvents } from './graph/event-handler.ts';
import { createJsonHandler } from './graph/json-handler.ts';
import { OpenStreams } from './graph/open-streams.ts';
import { createGraphServer, graphqlPath } from './graph/yoga.ts';
import { serveGraphiQL, wantsPage } from './graphiql/serve.ts';
import { createRestRoutes } from './rest/routes.ts';
import { serveGraphSockets } from './sockets/websocket.ts';

export interface HttpOptions {
  host: string;
  port: number;
  access: Access;
  context: SharedContext;
  store: Store;
  providers: Providers;
  logger: Logger;
  times?: Partial<ServerTimes> | undefined;
  /** The most open connections; further ones are dropped. */
  maxConnections?: number | undefined;
}

export interface HttpServer {
  /** Where it can be reached: `http://127.0.0.1:4000`. */
  readonly url: string;
  /**
   * Reports that it is not ready, stops accepting requests and ends every stream. Resolves when every connection
   * is closed. Closing twice is fine.
   */
  close(): Promise<void>;
}

/** The headers of every answer, unless a route sets others. */
const headers = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

/** Listens, and serves every route behind the same checks. Rejects where the port is taken. */
export async function openHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { access, logger } = options;
  const times = { ...defaultTimes, ...options.times };
  let closing = false;
  const graph = createGraphServer(options);
  const turns = new Turns();
  const unsent = new Unsent();
  const bodies = new Bodies();
  const serveJson = createJsonHandler({ graph, unsent, bodies });
  const serveEvents = createEventHandler({ graph, unsent, bodies, pingMs: times.pingMs });
  const serveRest = createRestRoutes({ ...options, unsent, closing: () => closing });
  const streams = new OpenStreams(logger);

  const serve = async (request: IncomingMessage, response: ServerResponse, pace: Pace) => {
    const path = request.url?.split('?', 1)[0] ?? '/';
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const foreign = access.checkOrigin(request);
    if (foreign) return refuse(response, foreign);
    if (allowOrigin(request, response, access)) return;
    // The pages hold no data; what they ask for needs the token.
    if (path === graphqlPath && wantsPage(request)) return serveGraphiQL(request, response);
    const served = serveConsole(request, response, path);
    if (served) return served;
    const { authorization } = request.headers;
    const principal = access.identify(authorization);
    if (principal === null && !open.has(path)) {
      return refuse(response, tokenRefusal(authorization));
    }
    const refusal = checkBody(request, path);
    if (refusal) return refuse(response, refusal);
    if (principal === null || path !== graphqlPath) {
      await pace.turn('question');
      return response.destroyed ? undefined : serveRest(request, response, pace);
    }
    const asker = { principal, pace };
    if (!wantsEvents(request)) return serveJson(request, response, asker);
    streams.add(response);
    await serveEvents(request, response, asker);
  };
  const lanes = new Lanes(turns, (request, response, pace) =>
    serve(request, response, pace).catch((error: unknown) =>
      fail({ request, response, error, logger }),
    ),
  );
  const server = createServer(
    {
      headersTimeout: times.headersMs,
      requestTimeout: times.requestMs,
      connectionsCheckingInterval: times.checkMs,
      // Other upgrades, such as to HTTP/2 in clear text, are offers that a server may ignore.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => lanes.enter(request, response),
  );
  server.maxConnections = options.maxConnections ?? 20_000;
  server.on('connection', () => turns.letIn());
  const sockets = serveGraphSockets({
    server,
    graph,
    access,
    logger,
    times,
    turns,
    unsent,
  });
  const url = await listen(server, options);

  const close = async () => {
    closing = true;
    const endStreams = () => {
      streams.end();
      return sockets.close();
    };
    await closeServer(server, { endStreams, closeMs: times.closeMs });
  };
  let closed: Promise<void> | null = null;
  return {
    url,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** Paths that need no token, because they tell nothing to those without one. */
const open: ReadonlySet<string> = new Set(['/', '/health/live', '/health/ready']);

const contentTypes = /^application\/(json|graphql\+json|graphql)\s*(;|$)/i;

/**
 * Accepts GraphQL operations by GET, or by POST with a content type that a page of another site cannot send
 * without a preflight. Refuses any other body, on every route, without reading it.
 */
function checkBody(request: IncomingMessage, path: string): Refusal | null {
  const { method, headers } = request;
  const type = headers['content-type'];
  const isOperation = path === graphqlPath;
  if (isOperation && method !== 'GET' && method !== 'POST') {
    return {
      status: 405,
      code: 'BAD_USER_INPUT',
      message: `GraphQL is asked by GET or POST, not by ${method}.`,
      headers: { Allow: 'GET, POST' },
    };
  }
  const needed = isOperation && method === 'POST';
  if (type === undefined ? !needed : contentTypes.test(type)) return null;
  return {
    status: 415,
    code: 'BAD_USER_INPUT',
    message: `Send operations as \`Content-Type: application/json\`${type === undefined ? '' : `, not as ${quote(type)}`}.`,
  };
}

function fail({
  request,
  response,
  error,
  logger,
}: {
  request: IncomingMessage;
  response: ServerResponse;
  error: unknown;
  logger: Logger;
}): void {
  if (request.errored || (request.destroyed && !request.complete)) {
    logger.debug({}, `a client left in the middle of its request: ${messageOf(error)}`);
    return;
  }
  logger.error({ err: error }, 'a request met a defect');
  if (response.headersSent) response.destroy();
  else refuse(response, internal);
}
