/** What a server answered. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The parsed JSON; undefined where the body was not JSON. */
  body: unknown;
  /** The beginning of a body of the type `text/plain`; null for any other. */
  text?: string | null;
}

const maxRetryMs = 24 * 3_600_000;
const maxWords = 500;

/**
 * Retry-After (RFC 9110: seconds or a date) in milliseconds, at most a day; null where there is no readable one. A
 * date is by the server's clock, which its answer tells, too.
 */
export function retryAfterOf(answer: Answer): number | null {
  const header = answer.headers['retry-after'];
  if (typeof header !== 'string') return null;
  const now = Date.parse(String(answer.headers.date)) || Date.now();
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryMs);
}

/** A server's own words, made safe to show to clients: one line of at most 500 characters, without the key. */
export function safeWords(words: string, secret: string | null): string {
  const safe = secret ? words.replaceAll(secret, '[key]') : words;
  const line = safe.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length > maxWords ? `${line.slice(0, maxWords)}…` : line;
}

/** True for an object that is not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
