/** A bar's tail, from its percent sign to the closing bracket of its times, is at most so long. */
const maxTailChars = 1024;

/**
 * A line without the progress bar that it is glued to: a bar that was left open has no line break.
 * Where nothing stands behind the bar, the line comes back as it is.
 */
export function withoutBar(line: string): string {
  const start = line.lastIndexOf('%|');
  if (start === -1) return line;
  const end = tail.exec(line.slice(start, start + maxTailChars));
  const rest = end === null ? '' : line.slice(start + end[0].length);
  return rest.trim() === '' ? line : rest;
}

const tail = /^%\|[^|]*\| *\d[\d.,]*\w?\/\d[\d.,]*\w? \[[^\]]*\]/;
