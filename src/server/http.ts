import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Store } from '../core/store.ts';
import type { GraphContext } from '../graphql/context.ts';
import type { Providers } from '../jobs/providers.ts';
import type { Logger } from '../lib/logger.ts';
import type { Access, Refusal } from './access.ts';
import { createJsonHandler, isPlainOperation } from './graph-http.ts';
import { healthRoutes } from './health.ts';
import { logTextRoutes } from './log-text.ts';
import { serveGraphSockets } from './websocket.ts';
import { createGraphServer, graphqlPath } from './yoga.ts';

export interface HttpOptions {
  host: string;
  port: number;
  access: Access;
  context: GraphContext;
  store: Store;
  providers: Providers;
  logger: Logger;
}

export interface HttpServer {
  /** Where it can be reached: `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Not ready any more, then no new requests, then every stream is ended; resolves when all is quiet. */
  close(): Promise<void>;
}

/** Listens, and serves every route behind the same checks. Rejects where the port is taken. */
export async function openHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { access, context, store, providers, logger } = options;
  let closing = false;
  const yoga = createGraphServer({ context, access, logger });
  const rest = new Hono()
    .get('/', (c) => c.redirect(graphqlPath))
    .route('/health', healthRoutes({ store, providers, closing: () => closing }))
    .route('/jobs', logTextRoutes({ reader: context.logReader }))
    .notFound((c) =>
      c.json({ error: `Nothing is here. Try ${graphqlPath}.`, code: 'NOT_FOUND' }, 404),
    )
    .onError((error, c) => {
      logger.error({ err: error }, 'a request met a defect');
      return c.json({ error: 'Something went wrong inside Trainyard.', code: 'INTERNAL' }, 500);
    });
  const serveRest = getRequestListener(rest.fetch);
  const serveJson = createJsonHandler(yoga);

  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000 },
    (request, response) => {
      const path = request.url?.split('?', 1)[0] ?? '/';
      response.setHeader('X-Content-Type-Options', 'nosniff');
      const refusal = access.checkOrigin(request) ?? checkRoute(request, path, access);
      if (refusal) refuse(response, refusal);
      else if (path !== graphqlPath) void serveRest(request, response);
      else if (isPlainOperation(request)) {
        serveJson(request, response).catch((error: unknown) => {
          // A client that left in the middle is no defect.
          if (!request.destroyed) logger.error({ err: error }, 'a request met a defect');
          response.destroy();
        });
      } else void yoga(request, response);
    },
  );
  server.maxConnections = 20_000;
  const sockets = serveGraphSockets({ server, yoga, access, logger });
  await listen(server, options);

  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sockets.close();
      server.closeIdleConnections();
      const impatience = setTimeout(() => server.closeAllConnections(), 2000);
      await closed;
      clearTimeout(impatience);
    },
  };
}

/** What a simple form of a foreign page could send without asking is not read at all. */
const simpleTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i;

function checkRoute(request: IncomingMessage, path: string, access: Access) {
  if (simpleTypes.test(request.headers['content-type'] ?? '')) {
    return {
      status: 415,
      code: 'BAD_USER_INPUT',
      message: 'Send operations as `Content-Type: application/json`.',
    } as const;
  }
  const open =
    path.startsWith('/health/') ||
    path === '/' ||
    // GraphiQL's page holds nothing; what it asks for needs the token.
    (path === graphqlPath &&
      request.method === 'GET' &&
      !request.url?.includes('query=') &&
      wantsPage(request)) ||
    request.method === 'OPTIONS';
  return open ? null : access.checkToken(request.headers.authorization);
}

function wantsPage(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/html') ?? false;
}

function refuse(
  response: ServerResponse,
  { status, code, message }: Omit<Refusal, 'status'> & { status: number },
): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(body);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
