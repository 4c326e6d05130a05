import { transcode } from 'node:buffer';

/** Reused for texts up to this size, a full chunk in UTF-16 and more: a new one each time keeps the collector busy. */
const scratchBytes = 512 * 1024;
let scratch: Buffer | undefined;

/** Below this, in UTF-16 units, a plain conversion is done sooner. */
const worthTranscoding = 2048;

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
  if (textSize(lines) < worthTranscoding) return Buffer.from(lines.join('\n'), 'utf8');
  try {
    return transcode(utf16Of(lines), 'utf16le', 'utf8');
  } catch {
    // Half a surrogate pair, which transcode refuses.
    return Buffer.from(lines.join('\n'), 'utf8');
  }
}

/**
 * The lines from `from` up to `to` of lines joined by \n, in UTF-8; fewer where there are fewer. Each is
 * decoded by itself: a string of a whole chunk is so large that V8 gives it memory of its own, which
 * takes several times as long as all that is done with it.
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

/** The lines joined by \n, in UTF-16; valid until the next call. Never one string, for the reason of `splitLines`. */
function utf16Of(lines: readonly string[]): Buffer {
  const joined = roomFor(2 * textSize(lines));
  let end = 0;
  for (let index = 0; index < lines.length; index++) {
    if (index > 0) end = joined.writeUInt16LE(lineEnd, end);
    end += joined.write(lines[index] ?? '', end, 'utf16le');
  }
  return joined.subarray(0, end);
}

function roomFor(bytes: number): Buffer {
  if (bytes > scratchBytes) return Buffer.allocUnsafeSlow(bytes);
  scratch ??= Buffer.allocUnsafeSlow(scratchBytes);
  return scratch;
}
