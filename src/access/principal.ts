/** The caller: this machine, where no token is needed, or the holder of a token. */
export interface Principal {
  readonly kind: 'machine' | 'token';
  /** The name that a job keeps as `createdBy`. */
  readonly name: string;
}

/** The caller of a server without tokens, which only this machine can reach. */
export const thisMachine: Principal = { kind: 'machine', name: 'this machine' };

/** A text that is different for any two callers, for keys of what callers must not share. */
export function principalKey({ kind, name }: Principal): string {
  return `${kind}:${name}`;
}
