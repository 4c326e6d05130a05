import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';

/** How long a browser may remember the answer to a preflight, in seconds. */
const maxAgeSeconds = 600;

/**
 * Lets pages of the allowed origins read the answer; other pages get no header at all. Returns true where the
 * request was a preflight, which it has then answered.
 */
export function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !access.allowsOrigin(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Vary', 'Origin');
  response.setHeader(
    'Access-Control-Expose-Headers',
    'X-Log-Offset, X-Log-Total, X-Log-Complete, WWW-Authenticate',
  );
  const asked = request.headers['access-control-request-method'];
  if (request.method !== 'OPTIONS' || asked === undefined) return false;
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': maxAgeSeconds,
  });
  response.end();
  return true;
}
