import type { IncomingMessage, ServerResponse } from 'node:http';
import { StaticBody } from '../rest/static-body.ts';
import { renderPage } from './page.ts';

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
  rendered ??= render().catch((error: unknown) => {
    rendered = null;
    throw error;
  });
  const { body, scriptSources } = await rendered;
  response.setHeader('Cache-Control', 'no-cache');
  response.appendHeader('Vary', 'Accept');
  response.setHeader('Content-Security-Policy', policy(scriptSources, request.headers.host ?? ''));
  await body.send(request, response);
}

interface Rendered {
  body: StaticBody;
  scriptSources: readonly string[];
}

let rendered: Promise<Rendered> | null = null;

async function render(): Promise<Rendered> {
  const { html, scriptSources } = await renderPage();
  return { body: new StaticBody(html, 'text/html; charset=utf-8'), scriptSources };
}

/** What the page may load and where it may call: its own parts, and this server. */
function policy(scriptSources: readonly string[], host: string): string {
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
