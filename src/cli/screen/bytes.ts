const units = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Formats a size: `512 B`, `1.5 kB`, `2.3 GB`; a thousand of each is one of the next. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let size = bytes;
  let unit: string = '';
  for (const next of units) {
    size /= 1000;
    unit = next;
    // From here on it would be shown as 1000.
    if (size < 999.5) break;
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}
