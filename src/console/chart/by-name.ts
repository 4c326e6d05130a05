/** Losses first: they are what one looks for. */
export function byName(a: string, b: string): number {
  const rank = (name: string) => (name === 'loss' ? 0 : name.includes('loss') ? 1 : 2);
  return rank(a) - rank(b) || a.localeCompare(b);
}
