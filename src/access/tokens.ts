import { createHash, timingSafeEqual } from 'node:crypto';
import { type Principal, thisMachine } from './principal.ts';

/** Who holds which token. */
export class Tokens {
  readonly #holders: readonly { digest: Buffer; principal: Principal }[];

  /** Entries as `parseToken` reads them; without any, whoever asks is this machine. */
  constructor(entries: readonly string[]) {
    this.#holders = entries.flatMap((entry, index) => {
      const { name = `token ${index + 1}`, token } = parseToken(entry);
      const principal: Principal = { kind: 'token', name };
      // As a whole it was a token before there were names, and stays one.
      const texts = token === entry ? [entry] : [token, entry];
      return texts.map((text) => ({ digest: digestOf(text), principal }));
    });
  }

  /** Who shows this: a whole Authorization header, or the same as a connection parameter. Null: nobody known. */
  holderOf(authorization: unknown): Principal | null {
    if (this.#holders.length === 0) return thisMachine;
    const shown = typeof authorization === 'string' ? /^Bearer +(.+)$/i.exec(authorization) : null;
    const shownDigest = digestOf(shown?.[1] ?? '');
    // Every token is compared, so that the time tells nothing.
    const [holder] = this.#holders.filter(({ digest }) => timingSafeEqual(digest, shownDigest));
    return shown && holder ? holder.principal : null;
  }
}

/** `NAME:TOKEN`, or a token alone: what stands before the first colon is a name where it looks like one. */
export function parseToken(entry: string): { name?: string; token: string } {
  const [, name, token] = /^([A-Za-z0-9][\w.@-]{0,62}):(.+)$/.exec(entry) ?? [];
  return name !== undefined && token !== undefined ? { name, token } : { token: entry };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
