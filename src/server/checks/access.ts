import type { IncomingMessage } from 'node:http';
import { type OriginOptions, Origins } from '../../access/origins.ts';
import type { Principal } from '../../access/principal.ts';
import { Tokens } from '../../access/tokens.ts';
import { quote } from '../../lib/text/quote.ts';
import type { Refusal } from './refusal.ts';

export interface AccessOptions extends OriginOptions {
  /** Whoever shows one of these may do everything; empty: no token is needed. As `name:token`, or a token alone. */
  tokens: readonly string[];
}

/** Who may ask at all: the checks that come before any route. */
export class Access {
  readonly #origins: Origins;
  readonly #tokens: Tokens;

  constructor(options: AccessOptions) {
    this.#origins = new Origins(options);
    this.#tokens = new Tokens(options.tokens);
  }

  /** Host and origin: whether a web page may have sent this on its own account. */
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

  /** Who asks, by a whole Authorization header or connection parameter; null for whoever may not. */
  identify(authorization: unknown): Principal | null {
    return this.#tokens.holderOf(authorization);
  }

  /** Whether this page of another site may use the API. */
  allowsOrigin(origin: string): boolean {
    return this.#origins.allowsOrigin(origin);
  }
}

/** What whoever cannot be identified is told. */
export const tokenNeeded: Refusal = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'Send a token of this server: `Authorization: Bearer TOKEN`.',
  headers: { 'WWW-Authenticate': 'Bearer' },
};
