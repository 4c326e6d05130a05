import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface RawRequest {
  method?: string;
  /** Sent as it stands: no part of it is resolved or encoded. */
  path?: string;
  /** Any header, those included that a browser or fetch would not let one set. */
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The text as JSON; null where it is something else. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape of an answer depends on its question
  json: any;
}

/** Sends a request as it is written here. */
export async function send(url: string, raw: RawRequest = {}): Promise<RawAnswer> {
  const response = await open(url, raw);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: response.headers['content-type']?.includes('json') && text ? JSON.parse(text) : null,
  };
}

/** Sends a request and resolves to the answer whose body has not been read. */
export async function open(
  url: string,
  { method = 'GET', path = '/', headers = {}, body }: RawRequest,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, method, path, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return response;
}

/** An operation posted as JSON. */
export function operation(
  query: string,
  headers: Record<string, string> = {},
  rest: object = {},
): RawRequest {
  return {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, ...rest }),
  };
}
