import { encodeTexts } from '../lib/text/encode-texts.ts';

const lineEnd = 0x0a;

/**
 * The lines from `from` up to `to`, joined by \n, in UTF-8. A \n within a line becomes U+240A, for
 * it would shift the numbers of all later lines; half a surrogate pair becomes U+FFFD.
 */
export function encodeLines(texts: readonly string[], from: number, to: number): Buffer {
  const lines = texts.slice(from, to);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.includes('\n')) lines[index] = line.replaceAll('\n', '\u240a');
  }
  return encodeTexts(lines, '\n');
}

/**
 * The lines from `from` up to `to` of lines joined by \n, in UTF-8; fewer where there are fewer. Each is
 * decoded by itself, for a string of a whole chunk is large in the sense of `encodeTexts`.
 */
export function splitLines(joined: Buffer, from: number, to: number): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let line = 0; line < to; line++) {
    const found = joined.indexOf(lineEnd, start);
    const end = found === -1 ? joined.length : found;
    if (line >= from) lines.push(joined.toString('utf8', start, end));
    if (found === -1) break;
    start = end + 1;
  }
  return lines;
}

/** About the bytes that lines take, in UTF-16 units: cheap, and never more than their bytes of UTF-8. */
export function textSize(texts: readonly string[]): number {
  let size = 0;
  for (const text of texts) size += text.length + 1;
  return size;
}
