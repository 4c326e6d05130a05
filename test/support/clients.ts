import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type Client, createClient } from 'graphql-ws';
import { type ClientOptions, WebSocket } from 'ws';

type Headers = Record<string, string>;

export interface GraphResult {
  // What tests look into is theirs to know.
  // biome-ignore lint/suspicious/noExplicitAny: the shape of an answer depends on its query
  data?: any;
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
}

export interface GraphAnswer extends GraphResult {
  status: number;
  headers: globalThis.Headers;
}

/** Sends one operation as JSON and gives back the whole answer, whatever its status. */
export async function graphql(
  url: string,
  query: string,
  variables: object = {},
  headers: Headers = {},
): Promise<GraphAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const result: GraphResult = text.startsWith('{') ? JSON.parse(text) : {};
  return { ...result, status: response.status, headers: response.headers };
}

/** Starts a job and resolves to its id. */
export async function deploy(
  url: string,
  input: object = {},
  headers: Headers = {},
): Promise<string> {
  const { data, errors } = await graphql(
    url,
    'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id } } }',
    { input: { provider: 'local', modelName: 'test-model', ...input } },
    headers,
  );
  if (!data) throw new Error(`not deployed: ${JSON.stringify(errors)}`);
  return data.deployJob.job.id;
}

/** A graphql-ws client that does not reconnect. `headers` go with the upgrade. */
export function graphSocket(
  url: string,
  options: { headers?: Headers; connectionParams?: Record<string, unknown> } = {},
): Client & Disposable {
  class Socket extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, socketOptions(options.headers));
    }
  }
  const client = createClient({
    url: socketUrl(url),
    webSocketImpl: Socket,
    retryAttempts: 0,
    connectionParams: options.connectionParams,
  });
  return Object.assign(client, { [Symbol.dispose]: () => void client.dispose() });
}

/** The results of an operation over a graphql-ws client; leaving the loop unsubscribes. */
export function subscribe(
  client: Client,
  query: string,
  variables: Record<string, unknown> = {},
): AsyncIterable<GraphResult> {
  return client.iterate({ query, variables }) as AsyncIterable<GraphResult>;
}

/** A bare WebSocket with the subprotocol, for what no well-behaved client would say. */
export function rawSocket(url: string, headers: Headers = {}): WebSocket {
  return new WebSocket(socketUrl(url), 'graphql-transport-ws', socketOptions(headers));
}

/** The results of a subscription over server-sent events, until it is complete; leaving the loop ends it. */
export async function* serverSentEvents(
  url: string,
  query: string,
  variables: object = {},
  headers: Headers = {},
): AsyncGenerator<GraphResult, void, undefined> {
  const ending = new AbortController();
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      body: JSON.stringify({ query, variables }),
      signal: ending.signal,
    });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream') || !response.body) {
      throw new Error(`${response.status} ${type}: ${await response.text()}`);
    }
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of events) {
      if (event === 'complete') return;
      yield JSON.parse(data);
    }
  } finally {
    ending.abort();
  }
}

function socketUrl(url: string): string {
  return `${url.replace(/^http/, 'ws')}/graphql`;
}

function socketOptions(headers: Headers = {}): ClientOptions {
  return { headers, perMessageDeflate: true };
}
