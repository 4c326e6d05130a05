/** A number as somebody wrote it that would be another one, or none, when JSON is made of it again. */
export class Inexact {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** For those who quote it. */
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
  // With a reviver it takes ten times as long, and hardly any text needs one.
  return mayChange.test(text) ? JSON.parse(text, exactReviver) : JSON.parse(text);
}

/** The reviver of `JSON.parse` that does so. */
export function exactReviver(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && context?.source ? exactNumber(context.source) : value;
}

/**
 * What of a value cannot be passed on exactly, as a sentence that begins with its path under `name`; null
 * where all can: numbers that would change, texts with half of a surrogate pair, and what
 * nests too deeply to be looked at.
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
    return `${name} holds half of a surrogate pair, which is no text: send whole characters.`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (levels === 0) return `${name.slice(0, 40)}… nests more than ${maxLevels} levels deep.`;
  for (const [key, inner] of Object.entries(value)) {
    if (!key.isWellFormed()) {
      return `A key of ${name} holds half of a surrogate pair, which is no text: send whole characters.`;
    }
    const path = Array.isArray(value) ? `${name}[${key}]` : `${name}.${key}`;
    const found = findInexact(inner, path, levels - 1);
    if (found !== null) return found;
  }
  return null;
}

/** It goes down by recursion. */
const maxLevels = 500;

/** Many digits, an exponent, or a minus before a zero. */
const mayChange = /\d{16}|\d[eE]|-0/;

function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  const written = JSON.stringify(value);
  // Whoever reads it may have whole numbers of any size: they must be the same, digit for digit.
  if (/^-?\d+$/.test(source)) return written === source;
  if (value === 0) return !/^-|[1-9]/.test(source.replace(/e.*$/i, ''));
  return !/^-?\d{16,}$/.test(written) || BigInt(written) === BigInt(value);
}

function shortened(source: string): string {
  return source.length <= 40 ? source : `${source.slice(0, 40)}…`;
}
