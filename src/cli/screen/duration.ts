const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Formats a span of time in its two largest units: `45s`, `3m 12s`, `2h 5m`, `1d 4h`. */
export function formatSeconds(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    if (parts.length === 0 && count === 0 && name !== 's') continue;
    rest -= count * size;
    if (count > 0 || parts.length === 0) parts.push(`${count}${name}`);
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** Formats the time from one moment to another, or to now. Moments are texts as the API has them. */
export function formatSpan(from: string, to: string | null): string {
  return formatSeconds(((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000);
}
