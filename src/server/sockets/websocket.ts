import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { CloseCode, handleProtocols, MessageType, makeServer, parseMessage } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../../access/principal.ts';
import { messageOf } from '../../core/errors.ts';
import type { Turns } from '../../lib/async/turns.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { exactReviver } from '../../lib/text/exact-json.ts';
import { Pace } from '../../logs/read/pace.ts';
import { type Access, tokenRefusal } from '../checks/access.ts';
import type { Refusal } from '../checks/refusal.ts';
import type { ServerTimes } from '../checks/times.ts';
import { turnFor } from '../connections/operation-turn.ts';
import type { Unsent } from '../connections/unsent.ts';
import { type Operation, prepareOperation } from '../graph/operations.ts';
import { type GraphServer, graphqlPath } from '../graph/yoga.ts';
import { delivered } from './delivery.ts';
import { Inbox, mayStream } from './inbox.ts';
import { keepAlive, MessageBudget } from './limits.ts';
import { nextMessages } from './payload.ts';
import { SocketSender, tooManyRequests } from './sender.ts';
import { WriteBatch } from './write-batch.ts';

/** The largest message from a client, in bytes. */
const maxPayloadBytes = 64 * 1024;
/** The most running operations on one socket. */
const maxOperations = 100;
/** The most messages of one client in one second, including pings and pongs. */
const maxMessagesPerSecond = 200;
/** The most open sockets. */
const maxSockets = 20_000;

interface Extra {
  request: IncomingMessage;
  socket: WebSocket;
  sender: SocketSender;
  pace: Pace;
  /** The length of the message that is being handed on. */
  sentChars: number;
  /** Who asks; null until the client has identified itself. */
  principal: Principal | null;
}

export interface GraphSockets {
  /** Closes every socket with 1001, so that its client comes back; resolves when all are closed. */
  close(): Promise<void>;
}

export interface GraphSocketOptions {
  server: Server;
  graph: GraphServer;
  access: Access;
  logger: Logger;
  times: Pick<ServerTimes, 'pingMs' | 'closeMs'>;
  turns: Turns;
  unsent: Unsent;
}

/** Serves graphql-transport-ws on an HTTP server's upgrades, through the same pipeline as HTTP. */
export function serveGraphSockets(options: GraphSocketOptions): GraphSockets {
  const { server, access, logger, times, turns, unsent } = options;
  const protocol = createProtocol(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxPayloadBytes,
    perMessageDeflate: false,
    // `keepAlive` answers pings, within the limits of a socket.
    autoPong: false,
    handleProtocols,
  });

  const writes = new WriteBatch();
  sockets.on('connection', (socket, request) => {
    const pace = new Pace(turns);
    const sender = new SocketSender(socket, { connection: request.socket, writes, unsent });
    const budget = new MessageBudget(maxMessagesPerSecond);
    const mayGoOn = () => {
      if (socket.readyState !== socket.OPEN) return false;
      if (budget.take()) return true;
      socket.close(tooManyRequests, `More than ${maxMessagesPerSecond} messages in a second`);
      return false;
    };
    const extra: Extra = { request, socket, sender, pace, sentChars: 0, principal: null };
    const stopPinging = keepAlive(socket, { everyMs: times.pingMs, mayGoOn });
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (message) => sender.send(message),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          const take = (message: string) => {
            if (isForClients(message)) {
              socket.close(CloseCode.BadRequest, 'A client sends no such message');
              return;
            }
            extra.sentChars = message.length;
            handle(message).catch((error: unknown) => {
              logger.warn({ err: error }, `a client's message failed: ${messageOf(error)}`);
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          };
          const inbox = new Inbox({ socket, pace, take });
          socket.on('message', (data) => {
            if (mayGoOn()) inbox.add(String(data));
          });
        },
      },
      extra,
    );
    socket.on('error', (error) => logger.debug({}, `a socket broke: ${messageOf(error)}`));
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
      }, times.closeMs);
      await gone;
      clearTimeout(impatience);
    },
  };
}

function createProtocol({ graph, access }: GraphSocketOptions) {
  return makeServer<Record<string, unknown>, Extra>({
    jsonMessageReviver: exactReviver,
    onConnect: ({ connectionParams, extra }) => {
      const shown =
        connectionParams?.authorization ??
        connectionParams?.Authorization ??
        extra.request.headers.authorization;
      extra.principal = access.identify(shown);
      if (extra.principal !== null) return true;
      // graphql-ws itself would close with 4403, which makes its clients try again.
      const { message } = tokenRefusal(shown);
      extra.socket.close(CloseCode.Unauthorized, `Unauthorized: ${message}`);
      return false;
    },
    onSubscribe: async (ctx, _id, params) => {
      // graphql-ws keeps the message for as long as the operation goes on; it is the last one that was handed on.
      const { sentChars } = ctx.extra;
      if (Object.keys(ctx.subscriptions).length > maxOperations) {
        const message = `More than ${maxOperations} operations on one socket`;
        ctx.extra.socket.close(tooManyRequests, message);
        return [new GraphQLError(message)];
      }
      const { sender, pace, principal, socket } = ctx.extra;
      // No new answer is made until the client has taken those that wait.
      if (sender.isWaiting) {
        await sender.drained();
        await turnFor(pace, { chars: params.query.length, isStream: mayStream(params.query) });
      }
      if (principal === null || socket.readyState !== socket.OPEN)
        return [new GraphQLError('The socket is closed')];
      return prepareOperation(graph, params, { principal, pace, sentChars });
    },
    // `prepareOperation` has put these functions into the arguments.
    execute: (args) => (args as Operation).execute(args),
    subscribe: (args) => (args as Operation).subscribe(args),
    onOperation: async ({ extra }, id, _payload, _args, results) => {
      const message = nextMessages(id);
      return delivered(await results, (result) => extra.sender.send(message(result)));
    },
    onError: (_ctx, _id, _payload, errors) =>
      errors.map((error) => graph.publicError(error).toJSON()),
  });
}

/** Whether a message is one that only servers send; graphql-ws would report it as a defect of its own. */
function isForClients(text: string): boolean {
  try {
    return serverMessages.has(parseMessage(text).type);
  } catch {
    // graphql-ws refuses broken messages itself.
    return false;
  }
}

const serverMessages: ReadonlySet<MessageType> = new Set([
  MessageType.ConnectionAck,
  MessageType.Next,
  MessageType.Error,
]);

function refuse(socket: Duplex, { status, message }: Pick<Refusal, 'message' | 'status'>): void {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}
