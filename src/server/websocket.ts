import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Access, Refusal } from './access.ts';
import { type Operation, prepareOperation } from './operations.ts';
import { PayloadSharing } from './payload.ts';
import { SocketSender } from './sender.ts';
import { type createGraphServer, graphqlPath } from './yoga.ts';

/** The largest message from a client, in bytes. */
const maxPayloadBytes = 64 * 1024;
/** Operations under way on one socket. */
const maxOperations = 100;
/** Messages of one client in one second. */
const maxMessagesPerSecond = 200;
/** A socket is pinged so often, and ended where no pong comes until the next ping. */
const pingMs = 12_000;
/** Sockets at once. */
const maxSockets = 20_000;

interface Extra {
  request: IncomingMessage;
  socket: WebSocket;
  sharing: PayloadSharing;
}

export interface GraphSockets {
  /** Tells every client to come back (1001) and resolves when all sockets are closed. */
  close(): Promise<void>;
}

/** Serves graphql-transport-ws on an HTTP server's upgrades, through the same pipeline as HTTP. */
export function serveGraphSockets(options: {
  server: Server;
  yoga: ReturnType<typeof createGraphServer>;
  access: Access;
  logger: Logger;
}): GraphSockets {
  const { server, yoga, access, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxPayloadBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  const graph = makeServer<Record<string, unknown>, Extra>({
    onConnect: ({ connectionParams, extra }) => {
      const shown =
        connectionParams?.authorization ??
        connectionParams?.Authorization ??
        extra.request.headers.authorization;
      return access.checkToken(shown) === null;
    },
    onSubscribe: async (ctx, _id, params) => {
      if (Object.keys(ctx.subscriptions).length > maxOperations) {
        ctx.extra.socket.close(4429, `More than ${maxOperations} operations on one socket`);
        return [];
      }
      return prepareOperation(yoga, params);
    },
    // Each operation brings the functions of its own pipeline along.
    execute: (args) => (args as Operation).execute(args),
    subscribe: (args) => (args as Operation).subscribe(args),
    onNext: ({ extra }, _id, _payload, _args, result) => extra.sharing.placeholder(result),
  });

  sockets.on('connection', (socket, request) => {
    const sharing = new PayloadSharing();
    const sender = new SocketSender(socket);
    const budget = new MessageBudget(maxMessagesPerSecond);
    const closed = graph.opened(
      {
        protocol: socket.protocol,
        send: (message) => sender.send(sharing.fill(message)),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => {
          socket.on('message', (data) => {
            if (!budget.take()) {
              socket.close(4429, `More than ${maxMessagesPerSecond} messages in a second`);
              return;
            }
            take(String(data)).catch((error: unknown) => {
              logger.warn({ err: error }, `a client's message failed: ${messageOf(error)}`);
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          });
        },
      },
      { request, socket, sharing },
    );
    const stopPinging = keepAlive(socket);
    socket.on('error', (error) => logger.debug({ err: error }, 'a socket broke'));
    socket.once('close', (code, reason) => {
      stopPinging();
      closed(code, String(reason)).catch((error: unknown) =>
        logger.warn({ err: error }, `a socket's end failed: ${messageOf(error)}`),
      );
    });
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const refusal = access.checkOrigin(request);
    const path = request.url?.split('?', 1)[0];
    if (refusal) refuse(socket, refusal);
    else if (path !== graphqlPath) refuse(socket, { status: 404, message: 'WebSockets: /graphql' });
    else if (sockets.clients.size >= maxSockets) refuse(socket, { status: 503, message: 'Full' });
    else
      sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request));
  });

  return {
    async close() {
      const gone = new Promise<void>((resolve) => sockets.close(() => resolve()));
      for (const socket of sockets.clients) {
        socket.close(1001, 'The server restarts: resume from the last nextOffset');
      }
      const impatience = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
      }, 2000);
      await gone;
      clearTimeout(impatience);
    },
  };
}

function refuse(
  socket: Duplex,
  { status, message }: Pick<Refusal, 'message'> & { status: number },
): void {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}

/** Pings a socket, so that silence is told from death; returns how to stop. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingMs);
  return () => clearInterval(timer);
}

/** Counts messages a second. */
class MessageBudget {
  readonly #perSecond: number;
  #second = 0;
  #count = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#perSecond;
  }
}
