/** A number in a text, and where it ends. */
export interface NumberAt {
  value: number;
  end: number;
}

/**
 * The number that stands alone at this place of a text: `0.5`, `-1e-5`, `7,014`, `nan`, `-inf`, `13.99%`.
 * Null where it goes on (`2K`, `1.2.3`, `12:30`, `3ms`, `7,01`), or where a unit of time or room follows:
 * never a part of what stands there.
 */
export function numberAt(text: string, at: number): NumberAt | null {
  if (!mayBegin(text.charCodeAt(at))) return null;
  const end = endOfPlain(text, at) ?? endOfAny(text, at);
  if (end === null) return null;
  const after = text.charCodeAt(end) === percentSign ? end + 1 : end;
  if (!stands(text, after)) return null;
  const said = text.slice(at, end);
  const number = Number(said);
  const value = Number.isNaN(number) ? toNumber(said) : number;
  return value === null ? null : { value, end: after };
}

/** A whole text as a number; NaN and infinities as frameworks write them. Null for whatever else. */
export function toNumber(text: string): number | null {
  const value = Number(text);
  if (!Number.isNaN(value) && isDecimal(text)) return value;
  if (thousands.test(text)) return Number(text.replaceAll(',', ''));
  if (notANumber.test(text)) return Number.NaN;
  if (!infinite.test(text)) return null;
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The end of digits with or without a fraction, as most numbers are; null where it may be more than that. */
function endOfPlain(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  const from = sign === minus || sign === plus ? at + 1 : at;
  let end = afterDigits(text, from);
  if (end === from) return null;
  if (text.charCodeAt(end) === point) end = afterDigits(text, end + 1);
  else if (text.charCodeAt(end) === comma && isDigit(text.charCodeAt(end + 1))) return null;
  const next = text.charCodeAt(end);
  return next === 0x65 || next === 0x45 || end - from > maxPlainDigits ? null : end;
}

function endOfAny(text: string, at: number): number | null {
  token.lastIndex = at;
  return token.test(text) ? token.lastIndex : null;
}

function afterDigits(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const maxPlainDigits = 15;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const percentSign = 0x25;
const token =
  /[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+(?!\d)(?:\.\d{1,15})?|\d{1,18}(?:\.\d{0,20})?|\.\d{1,20})(?:e[-+]?\d{1,3})?|[-+]?(?:nan|inf(?:inity)?)/iy;
const thousands = /^[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;
const notANumber = /^[-+]?nan$/i;
const infinite = /^[-+]?inf(?:inity)?$/i;
const unit =
  / (?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|[kmgtp]i?b|bytes)(?![\w:=]| ?[:=])/iy;

/** Of all that `Number` reads, only decimals have no other characters: no blanks, no `0x`, no `Infinity`. */
function isDecimal(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // e, E, +, - and .
    if (
      !isDigit(code) &&
      code !== 0x65 &&
      code !== 0x45 &&
      (code < 0x2b || code > 0x2e || code === 0x2c)
    )
      return false;
  }
  return text !== '';
}

function mayBegin(code: number): boolean {
  return (
    isDigit(code) ||
    code === minus ||
    code === plus ||
    code === point ||
    code === 0x6e || // n
    code === 0x4e || // N
    code === 0x69 || // i
    code === 0x49 // I
  );
}

/** True where nothing that follows belongs to the number. */
function stands(text: string, end: number): boolean {
  if (end >= text.length) return true;
  const next = text.charCodeAt(end);
  if (next === 0x20 || next === 0x27) {
    if (!beginsUnitOrGroup(text.charCodeAt(end + 1))) return true;
    unit.lastIndex = end;
    grouped.lastIndex = end;
    return !unit.test(text) && !(grouped.test(text) && isGroup(text, end));
  }
  if (next === 0x2c) {
    const digit = text.charCodeAt(end + 1);
    return !isDigit(digit);
  }
  return next === 0x09 || delimiters.has(next);
}

function beginsUnitOrGroup(code: number): boolean {
  return code > 0x7f || isDigit(code) || (code >= 0x41 && code <= 0x7a);
}

/** `1 000` and `1'000`: what stands before may be its first digits. */
function isGroup(text: string, end: number): boolean {
  return /(?<![\d.,])[1-9]\d{0,2}$/.test(text.slice(Math.max(0, end - 4), end));
}

const grouped = /[ ']\d{3}(?![\d.:/])/y;
const delimiters = new Set([...';|)]}>\'"(\r\b\u0007'].map((it) => it.charCodeAt(0)));
