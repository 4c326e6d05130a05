import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { weightOf } from '../rest/accepted.ts';
import { type Page, renderPage } from './page.ts';

/** Whether a browser asks for a page instead of an answer to a query. */
export function wantsPage({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && (headers.accept?.includes('text/html') ?? false)
  );
}

/** Serves GraphiQL. The page is rendered at the first request, sent compressed, and sent again only if it has changed. */
export async function serveGraphiQL(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // One that failed is tried again at the next request.
  rendered ??= renderPage().catch((error: unknown) => {
    rendered = null;
    throw error;
  });
  const page = await rendered;
  response.setHeader('ETag', page.etag);
  response.setHeader('Cache-Control', 'no-cache');
  response.appendHeader('Vary', 'Accept, Accept-Encoding');
  response.setHeader('Content-Security-Policy', policy(page, request.headers.host ?? ''));
  if (request.headers['if-none-match']?.includes(page.etag)) {
    response.writeHead(304).end();
    return;
  }
  const encoding = encodingFor(request.headers['accept-encoding']);
  const body = await encoded(page, encoding);
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.length,
    ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

const encoders = {
  // Quality 5 takes a quarter of a second, once. Quality 9 takes seven times as long and saves only 5 %.
  br: (html: Buffer) =>
    promisify(brotliCompress)(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (html: Buffer) => promisify(gzip)(html),
  identity: async (html: Buffer) => html,
};

type Encoding = keyof typeof encoders;

/** The page, which is the same for everyone as long as the process lives. */
let rendered: Promise<Page> | null = null;
const bodies = new Map<Encoding, Promise<Buffer>>();

function encoded({ html }: Page, encoding: Encoding): Promise<Buffer> {
  let body = bodies.get(encoding);
  if (!body) {
    body = encoders[encoding](html);
    bodies.set(encoding, body);
    body.catch(() => bodies.delete(encoding));
  }
  return body;
}

function encodingFor(header: string | undefined): Encoding {
  if (weightOf('br', header) > 0) return 'br';
  return weightOf('gzip', header) > 0 ? 'gzip' : 'identity';
}

/** What the page may load and where it may call: its own parts, and this server. */
function policy({ scriptSources }: Page, host: string): string {
  return [
    "default-src 'none'",
    `script-src ${scriptSources.join(' ')}`,
    'worker-src blob:',
    // The editor writes its own styles.
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    // In some browsers, 'self' does not include WebSockets of the same host.
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
