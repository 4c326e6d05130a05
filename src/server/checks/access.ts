import type { IncomingMessage } from 'node:http';
import { type OriginOptions, Origins } from '../../access/origins.ts';
import type { Principal } from '../../access/principal.ts';
import { Tokens } from '../../access/tokens.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Refusal } from './refusal.ts';

export interface AccessOptions extends OriginOptions {
  /** The tokens, each as `name:token` or a token alone. A holder of one may do everything. Empty: no token is needed. */
  tokens: readonly string[];
}

/** The checks that come before any route: who may use the server at all. */
export class Access {
  readonly #origins: Origins;
  readonly #tokens: Tokens;

  constructor(options: AccessOptions) {
    this.#origins = new Origins(options);
    this.#tokens = new Tokens(options.tokens);
  }

  /** Checks host and origin; a refusal where a foreign web page may have sent the request. */
  checkOrigin(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    if (!this.#origins.knowsHost(host)) {
      return {
        status: 421,
        code: 'FORBIDDEN',
        message: `This server is not known as ${quote(host ?? '')}. Names are added under "allowedHosts" in trainyard.config.json.`,
      };
    }
    if (!this.#origins.isForeign(request)) return null;
    return {
      status: 403,
      code: 'FORBIDDEN',
      message: `Pages of ${origin === undefined ? 'another site' : quote(origin)} may not use this server. Origins are added under "allowedOrigins" in trainyard.config.json.`,
    };
  }

  /** Who asks, by the value of an Authorization header or connection parameter; null where the token is missing or wrong. */
  identify(authorization: unknown): Principal | null {
    return this.#tokens.holderOf(authorization);
  }

  /** Whether pages of this origin may use the API. */
  allowsOrigin(origin: string): boolean {
    return this.#origins.allowsOrigin(origin);
  }
}

/** The refusal for a caller who shows no token of this server, in an Authorization header or a connection parameter. */
export function tokenRefusal(authorization: unknown): Refusal {
  const refusal = { status: 401, code: 'UNAUTHENTICATED' } as const;
  if (authorization === undefined) {
    const message = 'Send a token of this server: `Authorization: Bearer TOKEN`.';
    return { ...refusal, message, headers: { 'WWW-Authenticate': 'Bearer' } };
  }
  const isBearer = typeof authorization === 'string' && /^Bearer +./i.test(authorization);
  const message = isBearer
    ? "The token is not known here. Tokens are set in the server's TRAINYARD_TOKENS."
    : 'The authorization is not of the form `Bearer TOKEN`.';
  // RFC 6750, 3.1.
  return { ...refusal, message, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };
}
