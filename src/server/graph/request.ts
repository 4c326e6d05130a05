import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'graphql-http';
import { parseExactJson } from '../../lib/text/exact-json.ts';
import type { Pace } from '../../logs/read/pace.ts';
import { errorBody, type Refusal } from '../checks/refusal.ts';
import { turnFor } from '../connections/operation-turn.ts';
import type { Bodies } from './bodies.ts';
import { maxBodyBytes } from './yoga.ts';

/** A request as graphql-http reads it. */
export type GraphRequest = Request<IncomingMessage, undefined>;

export const jsonType = 'application/json; charset=utf-8';

/**
 * Reads a request with its body, and resolves when it is its turn: all that follows is work. Stops reading and
 * returns a refusal where the body is larger than `maxBodyBytes`.
 */
export async function readRequest(
  request: IncomingMessage,
  { bodies, pace, isStream }: { bodies: Bodies; pace: Pace; isStream: boolean },
): Promise<GraphRequest | Refusal> {
  const turn = (bytes: number) =>
    turnFor(pace, { chars: bytes + (request.url ?? '').length, isStream });
  const body = await bodies.read(request, { maxBytes: maxBodyBytes, turn });
  if (body === null) {
    const message = `The request has more than ${maxBodyBytes} bytes.`;
    return { status: 413, code: 'BAD_USER_INPUT', message };
  }
  const { url = '/', method = 'POST', headers } = request;
  const parsed = withExactNumbers(body);
  const refusal = refuseForm(parsed, url);
  if (refusal) return refusal;
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  const known = type.trim().toLowerCase();
  const isText = known === 'application/graphql';
  // graphql-http accepts only `application/json`.
  const isJson = isText || known === 'application/graphql+json';
  return {
    url,
    method,
    headers: isJson
      ? { ...headers, 'content-type': ['application/json', ...parameters].join(';') }
      : headers,
    body: isText ? JSON.stringify({ query: body }) : parsed,
    raw: request,
    context: undefined,
  };
}

/** The body, parsed so that no number changes unseen; where it is no JSON object, its text, so that graphql-http says what is wrong. */
function withExactNumbers(body: string): string | Record<string, unknown> {
  try {
    const parsed = parseExactJson(body);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? { ...parsed }
      : body;
  } catch {
    return body;
  }
}

/** Refuses what clients send in forms that are not served: a hash in place of a query, and several operations at once. */
function refuseForm(body: string | Record<string, unknown>, url: string): Refusal | null {
  if (typeof body === 'string' && /^\s*\[/.test(body)) {
    const message = 'Operations are served one a request: turn batching off in the client.';
    return { status: 400, code: 'BAD_USER_INPUT', message };
  }
  const inUrl = new URLSearchParams(url.split('?', 2)[1]);
  const inBody: Record<string, unknown> = typeof body === 'string' ? {} : body;
  if (inBody.query || inUrl.has('query')) return null;
  const extensions = inBody.extensions ?? parsedOrNull(inUrl.get('extensions'));
  if (typeof extensions !== 'object' || extensions === null || !('persistedQuery' in extensions)) {
    return null;
  }
  // The word and the status that tell Apollo Client and urql to send the query itself.
  return { status: 200, code: 'BAD_USER_INPUT', message: 'PersistedQueryNotSupported' };
}

function parsedOrNull(json: string | null): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return null;
  }
}

/** The refusal for a status that graphql-http answers without a body: it is about what the client sends or accepts. */
export function unacceptable(status: number): Refusal {
  const message =
    status === 406
      ? 'The answer comes as application/json or application/graphql-response+json, in UTF-8.'
      : 'Send operations as `Content-Type: application/json`, in UTF-8.';
  return { status, code: 'BAD_USER_INPUT', message };
}

/** The answer to a mutation by GET. */
export const postInstead = [
  JSON.stringify(errorBody({ code: 'BAD_USER_INPUT', message: 'Send mutations by POST.' })),
  { status: 405, statusText: '', headers: { allow: 'POST', 'content-type': jsonType } },
] as const satisfies Response;
