/** Who asks: this machine, where no token is needed, or the holder of a token. */
export interface Principal {
  readonly kind: 'machine' | 'token';
  /** What is kept as a job's `createdBy`. */
  readonly name: string;
}

/** Whoever can reach a server that only this machine can reach. */
export const thisMachine: Principal = { kind: 'machine', name: 'this machine' };

/** Tells principals apart, in the keys of what is shared among those who may see the same. */
export function principalKey({ kind, name }: Principal): string {
  return `${kind}:${name}`;
}
