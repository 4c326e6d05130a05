import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { TrainyardError } from '../../core/errors.ts';
import { answerJson } from '../checks/answer-json.ts';
import { errorBody } from '../checks/refusal.ts';
import { wantsPage } from '../graphiql/serve.ts';
import { StaticBody } from '../rest/static-body.ts';
import { readConsole } from './files.ts';
import { upwards } from './html.ts';

/** The addresses that are pages of the console. */
const page = /^\/(?:(?:jobs\/[^/]+|deploy|compare|search|providers)\/?)?$/;
const asset = /^\/console\/([\w.-]+)$/;

/**
 * Serves the console to browsers: its page, and the parts of it. Neither holds any data, so they need no token. False
 * for all other requests, which it leaves alone.
 */
export function serveConsole(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> | false {
  if (page.test(path) && wantsPage(request)) return servePage(request, response, path);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const [, name] = isRead ? (asset.exec(path) ?? []) : [];
  return name !== undefined && serveAsset(request, response, name);
}

async function servePage(request: IncomingMessage, response: ServerResponse, path: string) {
  const { pageBelow } = await files();
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Content-Security-Policy', policy(request.headers.host ?? ''));
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.appendHeader('Vary', 'Accept');
  await pageBelow(path.split('/').length - 2).send(request, response);
}

async function serveAsset(request: IncomingMessage, response: ServerResponse, name: string) {
  const { assets } = await files();
  const body = assets.get(name);
  if (!body) {
    const message = 'This part of the console is of another version. Load the page again.';
    return answerJson(response, 404, errorBody({ code: 'NOT_FOUND', message }));
  }
  // Its name changes with what is in it.
  response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  await body.send(request, response);
}

/** What the page may load and where it may call: its own parts, and this server. It can make no markup of text. */
function policy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    // In some browsers, 'self' does not include WebSockets of the same host.
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

interface Files {
  /** The page for addresses so many folders below the console's own. */
  pageBelow: (depth: number) => StaticBody;
  assets: ReadonlyMap<string, StaticBody>;
}

/** The same for everyone as long as the process lives. */
let read: Promise<Files> | null = null;

function files(): Promise<Files> {
  // What failed is tried again at the next request.
  read ??= readFiles().catch((error: unknown) => {
    read = null;
    throw error;
  });
  return read;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

async function readFiles(): Promise<Files> {
  const contents = await readConsole();
  const html = contents.get('index.html')?.toString();
  if (html === undefined) throw new TrainyardError('INTERNAL', 'The console has no page.');
  const pages = new Map<number, StaticBody>();
  const pageBelow = (depth: number) => {
    const text = html.replaceAll(upwards, depth > 0 ? '../'.repeat(depth) : './');
    const body = pages.get(depth) ?? new StaticBody(Buffer.from(text), 'text/html; charset=utf-8');
    pages.set(depth, body);
    return body;
  };
  const assets = new Map<string, StaticBody>();
  for (const [name, content] of contents) {
    const type = types[extname(name)];
    if (type !== undefined) assets.set(name, new StaticBody(content, type));
  }
  return { pageBelow, assets };
}
