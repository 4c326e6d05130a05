import { createHash, timingSafeEqual } from 'node:crypto';
import { type Principal, thisMachine } from './principal.ts';

/** Knows who holds which token. */
export class Tokens {
  readonly #holders: readonly { digest: Buffer; principal: Principal }[];

  /** Takes entries of TRAINYARD_TOKENS (see `parseToken`). Without any, every caller is this machine. */
  constructor(entries: readonly string[]) {
    this.#holders = entries.flatMap((entry, index) => {
      const { name = `token ${index + 1}`, token } = parseToken(entry);
      const principal: Principal = { kind: 'token', name };
      // The whole entry was a token before entries could hold names, so it still is one.
      const accepted = token === entry ? [entry] : [token, entry];
      return accepted.map((each) => ({ digest: digestOf(each), principal }));
    });
  }

  /**
   * The holder of the token in an Authorization header, or in a connection parameter of the same form; null for an
   * unknown token and for none.
   */
  holderOf(authorization: unknown): Principal | null {
    if (this.#holders.length === 0) return thisMachine;
    const shown = typeof authorization === 'string' ? /^Bearer +(.+)$/i.exec(authorization) : null;
    const shownDigest = digestOf(shown?.[1] ?? '');
    // Every token is compared, so that the time taken reveals nothing.
    const [holder] = this.#holders.filter(({ digest }) => timingSafeEqual(digest, shownDigest));
    return shown && holder ? holder.principal : null;
  }
}

/**
 * Parses `NAME:TOKEN` or a token alone. The text before the first colon is a name where it has at most 63 letters,
 * digits, `_`, `.`, `@` and `-`.
 */
export function parseToken(entry: string): { name?: string; token: string } {
  const [, name, token] = /^([A-Za-z0-9][\w.@-]{0,62}):(.+)$/.exec(entry) ?? [];
  return name !== undefined && token !== undefined ? { name, token } : { token: entry };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
