import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Refusal } from './refusal.ts';

export interface AccessOptions {
  /** The address that the server listens on. */
  host: string;
  /** Whoever shows one of these may do everything; empty: no token is needed. */
  tokens: readonly string[];
  /** Names under which the server is known beside its own. */
  allowedHosts: readonly string[];
  /** Other web pages' origins that may use the API, such as `http://localhost:5173`. */
  allowedOrigins: readonly string[];
}

/** Who may ask at all: the checks that come before any route. */
export class Access {
  readonly #options: AccessOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #tokens: readonly Buffer[];

  constructor(options: AccessOptions) {
    this.#options = options;
    const names = [options.host, ...options.allowedHosts].map((name) => name.toLowerCase());
    this.#hosts = new Set(['localhost', '127.0.0.1', '::1', ...names]);
    this.#tokens = options.tokens.map(digest);
  }

  /** Host and origin: whether a web page may have sent this on its own account. */
  checkOrigin(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    if (!this.#knowsHost(host)) {
      return {
        status: 421,
        code: 'FORBIDDEN',
        message: `This server is not known as ${JSON.stringify(host ?? '')}. Names are added under "allowedHosts" in trainyard.config.json.`,
      };
    }
    const foreign =
      origin === undefined
        ? // Browsers send no Origin with a plain GET, but say where it comes from.
          (site === 'cross-site' || site === 'same-site') && !isNavigation(request)
        : !this.allowsOrigin(origin) && !isOwnOrigin(origin, host);
    if (!foreign) return null;
    return {
      status: 403,
      code: 'FORBIDDEN',
      message: `Pages of ${origin ?? 'another site'} may not use this server. Origins are added under "allowedOrigins" in trainyard.config.json.`,
    };
  }

  /** The bearer token, where one is needed. `authorization` is a whole header or connection parameter. */
  checkToken(authorization: unknown): Refusal | null {
    if (this.#tokens.length === 0) return null;
    const shown = typeof authorization === 'string' ? /^Bearer +(.+)$/i.exec(authorization) : null;
    const shownDigest = digest(shown?.[1] ?? '');
    // Every token is compared, so that the time tells nothing.
    const known = this.#tokens.filter((token) => timingSafeEqual(token, shownDigest)).length > 0;
    if (known && shown) return null;
    return {
      status: 401,
      code: 'UNAUTHENTICATED',
      message: 'Send a token of this server: `Authorization: Bearer TOKEN`.',
      headers: { 'WWW-Authenticate': 'Bearer' },
    };
  }

  /** Whether this page of another site may use the API. */
  allowsOrigin(origin: string): boolean {
    return this.#options.allowedOrigins.includes(origin);
  }

  #knowsHost(header: string | undefined): boolean {
    const name = header === undefined ? null : nameOf(header);
    if (name === null) return false;
    if (this.#hosts.has(name)) return true;
    // On every interface: its addresses cannot be listed, and a token is needed anyway.
    const everywhere = this.#options.host === '0.0.0.0' || this.#options.host === '::';
    return everywhere && (isIP(name) !== 0 || name === hostname().toLowerCase());
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
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
