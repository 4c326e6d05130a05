import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** The names and pages that the server trusts. */
export interface OriginOptions {
  /** The address that the server listens on. */
  host: string;
  /** Further host names of the server, without ports. */
  allowedHosts: readonly string[];
  /** Origins of web pages that may use the API besides the server's own, such as `http://localhost:5173`. */
  allowedOrigins: readonly string[];
}

/** Decides for which host names, and for which web pages, the server answers. */
export class Origins {
  readonly #options: OriginOptions;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: OriginOptions) {
    this.#options = options;
    const names = [options.host, ...options.allowedHosts].map((name) => name.toLowerCase());
    this.#hosts = new Set(['localhost', '127.0.0.1', '::1', ...names]);
  }

  /** True for a Host header that names this server. Any other name may be a web page's, pointed at this machine. */
  knowsHost(header: string | undefined): boolean {
    const name = header === undefined ? null : nameOf(header);
    if (name === null) return false;
    if (this.#hosts.has(name)) return true;
    // A server on every interface cannot list its addresses. It needs a token anyway.
    const everywhere = this.#options.host === '0.0.0.0' || this.#options.host === '::';
    return everywhere && (isIP(name) !== 0 || name === hostname().toLowerCase());
  }

  /** True for a request that a page of another site may have sent by itself, unless that page is allowed to. */
  isForeign(request: IncomingMessage): boolean {
    const { host, origin } = request.headers;
    if (origin !== undefined) return !this.allowsOrigin(origin) && !isOwnOrigin(origin, host);
    // Browsers send no Origin with a plain GET, but they send this header.
    const site = request.headers['sec-fetch-site'];
    return (site === 'cross-site' || site === 'same-site') && !isNavigation(request);
  }

  /** True for the origin of a page that `allowedOrigins` names. */
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

/** True where a person follows a link to this server, such as to GraphiQL. */
function isNavigation(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate';
}
