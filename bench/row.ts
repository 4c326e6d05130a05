/** One measurement beside what it is measured against, in the same run and on the same machine. */
export interface BenchRow {
  what: string;
  ours: number;
  peer: number;
  unit: string;
  peerName: string;
  /** ours / peer. */
  ratio: number;
  target: string;
  met: boolean;
}

/** A row whose target is a bound on ours / peer. */
export function ratioRow(
  row: Pick<BenchRow, 'what' | 'ours' | 'peer' | 'unit' | 'peerName'>,
  target: { atLeast: number } | { atMost: number },
): BenchRow {
  const ratio = row.ours / row.peer;
  return 'atLeast' in target
    ? { ...row, ratio, target: `≥ ${target.atLeast} ×`, met: ratio >= target.atLeast }
    : { ...row, ratio, target: `≤ ${target.atMost} ×`, met: ratio <= target.atMost };
}

/** The rows as a table for a terminal. */
export function formatRows(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.what,
    `${short(row.ours)} ${row.unit}`,
    `${short(row.peer)} ${row.unit}`,
    row.peerName,
    short(row.ratio),
    row.target,
    row.met ? 'met' : 'MISSED',
  ]);
  const table = [['what', 'ours', 'peer', 'the peer is', 'ratio', 'target', ''], ...cells];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table
    .map((line) => line.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '))
    .join('\n');
}

/** The middle value; of an even number of values, the higher one of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
