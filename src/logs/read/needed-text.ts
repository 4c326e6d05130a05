import { RE2JS } from 're2js';
import type { NeededText } from '../../core/needs.ts';

/**
 * What each line that an expression matches must hold; null where that cannot be told. `compiled` is the expression
 * `pattern`.
 */
export function neededText(pattern: string, compiled: RE2JS): NeededText | null {
  const [all, flags = ''] = leadingFlags.exec(pattern) ?? [];
  if (all === undefined || !flags.includes('i')) return textOf(compiled.re2Input.prefilter);
  // RE2 tells nothing of texts in any case, so it is asked for the same expression with the case as it stands.
  const others = flags.replaceAll('i', '');
  const rest = pattern.slice(all.length);
  const same = RE2JS.compile(others === '' ? rest : `(?${others})${rest}`);
  return inAnyCase(textOf(same.re2Input.prefilter));
}

const leadingFlags = /^\(\?([imsU]+)\)/;

/** What RE2 itself looks for before it runs an expression, which is declared as nothing in particular. */
function textOf(prefilter: unknown): NeededText | null {
  if (!isRecord(prefilter)) return null;
  const { type, str, subs } = prefilter;
  if (type === types.exact) return typeof str === 'string' ? str : null;
  if (!Array.isArray(subs)) return null;
  const parts = subs.map(textOf);
  if (type === types.all) return all(parts);
  return type === types.any ? any(parts) : null;
}

const types = { exact: 1, all: 2, any: 3 };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A letter outside of ASCII may stand there in the other case, whose bytes are others. */
function inAnyCase(needed: NeededText | null): NeededText | null {
  if (needed === null) return null;
  if (typeof needed === 'string') return all(needed.match(ascii) ?? []);
  if ('all' in needed) return all(needed.all.map(inAnyCase));
  return any(needed.any.map(inAnyCase));
}

const ascii = /[\0-\x7f]+/g;

function all(parts: readonly (NeededText | null)[]): NeededText | null {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? null : { all: known };
}

function any(parts: readonly (NeededText | null)[]): NeededText | null {
  const known = parts.filter((part) => part !== null);
  return known.length < parts.length || known.length === 0 ? null : { any: known };
}
