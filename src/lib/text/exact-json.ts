/** A number, as it was written, that JavaScript cannot hold exactly: passing it on as JSON would change it. */
export class Inexact {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** Lets error messages quote it as it was written. */
  toJSON(): string {
    return this.source;
  }
}

/** The number that a text of JSON or GraphQL means; `Inexact` where passing it on would change it. */
export function exactNumber(source: string): number | Inexact {
  const value = Number(source);
  return isExact(value, source) ? value : new Inexact(source);
}

/** Parses JSON; numbers that would change are `Inexact`. Throws as `JSON.parse` does. */
export function parseExactJson(text: string): unknown {
  // A reviver takes ten times as long, and hardly any text needs one.
  return mayChange.test(text) ? JSON.parse(text, exactReviver) : JSON.parse(text);
}

/** A reviver for `JSON.parse` that turns numbers which would change into `Inexact`. */
export function exactReviver(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && context?.source ? exactNumber(context.source) : value;
}

/**
 * Finds what cannot be passed on exactly: a number that would change, a text with half of a surrogate pair, or
 * a value that nests too deeply to be looked at. Returns a sentence that begins with its path under `name`;
 * null where everything can be passed on.
 */
export function findInexact(value: unknown, name: string, levels = maxLevels): string | null {
  if (value instanceof Inexact) {
    const source = shortened(value.source);
    return `${name} is ${source}, which would arrive as another number: send it as a text, "${source}".`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return `${name} is ${value}, which JSON has no number for: send it as a text, "${value}".`;
  }
  if (typeof value === 'string' && !value.isWellFormed()) {
    return `${name} holds half of a surrogate pair, which is not valid text: send whole characters.`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `${name.slice(0, 40)}… nests more than ${maxLevels} levels deep.`;
  for (const [key, inner] of Object.entries(value)) {
    if (!key.isWellFormed()) {
      return `A key of ${name} holds half of a surrogate pair, which is not valid text: send whole characters.`;
    }
    const path = Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`;
    const found = findInexact(inner, path, levels - 1);
    if (found !== null) return found;
  }
  return null;
}

/** `findInexact` is recursive, so the depth is bounded. */
const maxLevels = 500;

/** Only numbers with many digits, an exponent, or a minus before a zero can change. */
const mayChange = /\d{16}|\d[eE]|-0/;

function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  const written = JSON.stringify(value);
  // The reader may support whole numbers of any size, so they must stay the same digit for digit.
  if (/^-?\d+$/.test(source)) return written === source;
  if (value === 0) return !/^-|[1-9]/.test(source.replace(/e.*$/i, ''));
  return !/^-?\d{16,}$/.test(written) || BigInt(written) === BigInt(value);
}

function shortened(source: string): string {
  return source.length <= 40 ? source : `${source.slice(0, 40)}…`;
}
