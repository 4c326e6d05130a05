import {
  type Client,
  type ClientOptions,
  createClient,
  type FormattedExecutionResult,
  type Sink,
  type SubscribePayload,
} from 'graphql-ws/client';
import { Backoff } from '../../../src/lib/async/backoff.ts';
import { toGraphError } from './errors.ts';
import { platformWebSocket } from './web-socket.ts';

/** How often a silent connection gets a ping, in milliseconds. */
const defaultKeepAlive = 10_000;
/** How long the server may take to accept a connection, in milliseconds. */
const defaultAckTimeout = 10_000;

/**
 * Creates a graphql-ws client that stays connected. It reconnects for ever, with jittered waits of up to 30 s, unless
 * the server refuses it. It ends a connection that does not answer a ping within `keepAlive` (10 s by default), and an
 * attempt to connect that is not accepted within `connectionAckWaitTimeout` (10 s by default). After a reconnect, a
 * `logStream` with a variable `offset` continues after the last page that came, and a `jobChanged` or `metricsUpdated`
 * with a variable `after` behind the last cursor. That holds for `subscribe`, which Apollo and urql use; `iterate` begins again with the
 * first variables (see `followLog`). Every setting of graphql-ws can be overridden.
 */
export function createSocket(options: ClientOptions): Client {
  const backoff = new Backoff({ firstMs: 250, maxMs: 30_000 });
  const keepAlive = options.keepAlive ?? defaultKeepAlive;
  const ackTimeout = options.connectionAckWaitTimeout ?? defaultAckTimeout;
  const client = createClient({
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (event) => !toGraphError(event).definitive,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, backoff.nextMs())),
    webSocketImpl: platformWebSocket(),
    ...options,
    keepAlive,
    // Its own begins with the open connection, and then waits for the answer to a close.
    connectionAckWaitTimeout: 0,
  });
  let impatience: ReturnType<typeof setTimeout> | undefined;
  const answerWithin = (ms: number) => {
    clearTimeout(impatience);
    impatience = setTimeout(() => client.terminate(), ms);
  };
  const answered = () => clearTimeout(impatience);
  client.on('connecting', () => answerWithin(ackTimeout));
  client.on('connected', answered);
  client.on('ping', (received) => {
    if (!received) answerWithin(keepAlive);
  });
  client.on('pong', answered);
  client.on('error', answered);
  client.on('closed', answered);
  client.on('message', ({ type }) => {
    if (type === 'next') backoff.reset();
  });
  return { ...client, subscribe: resuming(client.subscribe) };
}

/** Makes subscriptions resume: graphql-ws sends the variables again after a reconnect, as they are then. */
function resuming(subscribe: Client['subscribe']): Client['subscribe'] {
  return <Data, Extensions>(
    payload: SubscribePayload,
    sink: Sink<FormattedExecutionResult<Data, Extensions>>,
  ) => {
    const variables = { ...payload.variables };
    const next: typeof sink.next = (result) => {
      Object.assign(variables, placeBehind(result.data));
      sink.next(result);
    };
    return subscribe<Data, Extensions>(
      { ...payload, variables },
      { next, error: (error) => sink.error(error), complete: () => sink.complete() },
    );
  };
}

/** The variables with which a subscription goes on behind a result. */
function placeBehind(data: unknown): { offset?: number; after?: string } {
  const { logStream, jobChanged, metricsUpdated } = asRecord(data);
  const { nextOffset } = asRecord(logStream);
  const { cursor } = asRecord(jobChanged ?? metricsUpdated);
  return {
    ...(typeof nextOffset === 'number' ? { offset: nextOffset } : {}),
    ...(typeof cursor === 'string' ? { after: cursor } : {}),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
