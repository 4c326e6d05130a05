import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

export interface OriginOptions {
  /** The address that the server listens on. */
  host: string;
  /** Names under which the server is known beside its own. */
  allowedHosts: readonly string[];
  /** Other web pages' origins that may use the API, such as `http://localhost:5173`. */
  allowedOrigins: readonly string[];
}

/** By which names a server answers, and for which web pages. */
export class Origins {
  readonly #options: OriginOptions;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: OriginOptions) {
    this.#options = options;
    const names = [options.host, ...options.allowedHosts].map((name) => name.toLowerCase());
    this.#hosts = new Set(['localhost', '127.0.0.1', '::1', ...names]);
  }

  /** Whether a Host header names this server: another name may have been pointed here by a page. */
  knowsHost(header: string | undefined): boolean {
    const name = header === undefined ? null : nameOf(header);
    if (name === null) return false;
    if (this.#hosts.has(name)) return true;
    // On every interface: its addresses cannot be listed, and a token is needed anyway.
    const everywhere = this.#options.host === '0.0.0.0' || this.#options.host === '::';
    return everywhere && (isIP(name) !== 0 || name === hostname().toLowerCase());
  }

  /** Whether a page of another site, which is not allowed to, may have sent this on its own account. */
  isForeign(request: IncomingMessage): boolean {
    const { host, origin } = request.headers;
    if (origin !== undefined) return !this.allowsOrigin(origin) && !isOwnOrigin(origin, host);
    // Browsers send no Origin with a plain GET, but say where it comes from.
    const site = request.headers['sec-fetch-site'];
    return (site === 'cross-site' || site === 'same-site') && !isNavigation(request);
  }

  /** Whether this page of another site may use the API. */
  allowsOrigin(origin: string): boolean {
    return this.#options.allowedOrigins.includes(origin);
  }
}

function nameOf(hostHeader: string): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::\d+)?$/i.exec(hostHeader) ?? [];
  return name?.replace(/^\[|\]$/g, '').toLowerCase() ?? null;
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** A person who follows a link from another page to GraphiQL. */
function isNavigation(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
}
