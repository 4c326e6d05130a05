import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
}

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** Answers a call, or takes the response over and returns nothing. */
export type Route = (asked: Asked, response: ServerResponse) => Reply | Promise<Reply> | undefined;

/** What goes wrong: with calls whose `METHOD /path?query` matches, `times` times or until it is taken back. */
export interface Fault {
  on: RegExp;
  times?: number;
  /** `cut`: half the answer, then the connection ends. `answerAfter`: done at once, answered when that settles. */
  act: 'hang' | 'garbage' | 'endless' | 'cut' | Reply | { answerAfter: Promise<unknown> };
}

/** A training server for tests: real HTTP on a loopback port, a route, and faults on demand. */
export class DialectServer {
  readonly url: string;
  /** The calls so far, as `METHOD /path?query`. */
  readonly calls: string[] = [];
  /** The Authorization headers so far. */
  readonly authorizations: (string | undefined)[] = [];
  readonly #close: () => Promise<void>;
  readonly #faults = new Set<Fault>();

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async open(route: Route, options: { apiKey?: string } = {}): Promise<DialectServer> {
    const http = createServer();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    const close = async () => {
      if (!http.listening) return;
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    };
    const server = new DialectServer(`http://127.0.0.1:${port}`, close);
    http.on('request', (request, response) => {
      server.#answer(request, response, route, options.apiKey).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    return server;
  }

  /** Makes calls fail; the returned function takes the fault back. */
  fail(fault: Fault): () => void {
    this.#faults.add({ ...fault });
    const [added] = [...this.#faults].slice(-1);
    return () => {
      if (added !== undefined) this.#faults.delete(added);
    };
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    route: Route,
    apiKey: string | undefined,
  ): Promise<void> {
    const { method = '', url = '', headers } = request;
    const call = `${method} ${url}`;
    this.calls.push(call);
    this.authorizations.push(headers.authorization);
    const text = (await request.toArray()).join('');
    const fault = this.#take(call);
    if (fault === 'hang') return;
    if (fault === 'garbage') return void response.end('<html>It works!</html>');
    if (fault === 'endless') return void endless(response);
    const answerAfter = fault !== null && typeof fault === 'object' && 'answerAfter' in fault;
    if (fault !== null && typeof fault === 'object' && !answerAfter) return send(response, fault);
    if (apiKey !== undefined && url !== '/health' && headers.authorization !== `Bearer ${apiKey}`) {
      return send(response, { status: 401, body: { detail: 'Invalid or missing API key' } });
    }
    const { pathname, searchParams } = new URL(url, this.url);
    const body = headers['content-type'] === 'application/json' ? parseJson(text) : null;
    const asked = { method, path: pathname, query: searchParams, headers, body };
    const reply = await route(asked, response);
    if (reply === undefined) return;
    if (answerAfter) await fault.answerAfter;
    if (fault === 'cut') cut(response, reply);
    else send(response, reply);
  }

  #take(call: string): Fault['act'] | null {
    for (const fault of this.#faults) {
      if (!fault.on.test(call)) continue;
      if (fault.times !== undefined) {
        fault.times -= 1;
        if (fault.times <= 0) this.#faults.delete(fault);
      }
      return fault.act;
    }
    return null;
  }
}

/** Like a body of another type, one that is no JSON has none of the fields that are asked for. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(JSON.stringify(reply.body));
}

function cut(response: ServerResponse, reply: Reply): void {
  const text = Buffer.from(JSON.stringify(reply.body));
  response.writeHead(reply.status, { 'content-length': text.length });
  response.write(text.subarray(0, text.length >> 1), () => response.destroy());
}

function endless(response: ServerResponse): void {
  const more = `"${'x'.repeat(64 * 1024)}",`;
  const write = () => {
    while (!response.destroyed && response.write(more));
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"logs":[');
  response.on('drain', write);
  write();
}
