/** The known word that is most like a misspelt one, with at most one slip for every three letters; null for none. */
export function nearest(word: string, known: readonly string[]): string | null {
  const written = word.toLowerCase().slice(0, 100);
  const most = Math.max(1, Math.floor(written.length / 3));
  const ranked = known
    .map((each) => ({ each, slips: slipsBetween(written, each.toLowerCase()) }))
    .filter(({ slips }) => slips <= most)
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.each ?? null;
}

/** How many letters must be inserted, removed, replaced or swapped with their neighbour to turn one text into the other. */
function slipsBetween(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let at = 1; at <= from.length; at += 1) {
    const row = [at];
    const above = rows[at - 1] ?? [];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[at - 1] === to[column - 1];
      const isSwap = from[at - 1] === to[column - 2] && from[at - 2] === to[column - 1];
      const slips = [
        (above[column] ?? 0) + 1,
        (row[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (isSame ? 0 : 1),
      ];
      if (isSwap && at > 1 && column > 1) slips.push((rows[at - 2]?.[column - 2] ?? 0) + 1);
      row.push(Math.min(...slips));
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}
