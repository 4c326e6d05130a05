/** A moment in nanoseconds since 1970, and as RunPod writes it: RFC 3339 in UTC, without trailing zeros. */
export interface Timestamp {
  ns: bigint;
  text: string;
}

const billion = 1_000_000_000n;

/** A clock that never goes back. */
export function createClock(): () => Timestamp {
  const offset = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  return () => timestamp(offset + process.hrtime.bigint());
}

/** Nanoseconds of an RFC 3339 timestamp; null where it is none. */
export function parseTimestamp(text: string): bigint | null {
  const [, seconds, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return null;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function timestamp(ns: bigint): Timestamp {
  const seconds = new Date(Number(ns / billion) * 1000).toISOString().slice(0, 19);
  const fraction = String(ns % billion)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return { ns, text: `${seconds}${fraction === '' ? '' : `.${fraction}`}Z` };
}
