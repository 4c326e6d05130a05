import { withoutColours } from '../../lines/plain-text.ts';

const escapeByte = 0x1b;

/**
 * Returns a check of whether a chunk of UTF-8 text may hold `text` when its escape sequences are left out. It
 * is exact for a chunk without escapes or with colours only. It returns true for any other escape sequence,
 * since only the lines can tell then.
 */
export function chunkMayHold(text: string): (chunk: Buffer) => boolean {
  const needle = Buffer.from(text);
  // Latin-1 gives one character for each byte, so nothing is decoded; colours are ASCII in any case.
  const needleBytes = needle.toString('latin1');
  return (chunk) => {
    // Looking for one byte costs a small part of looking for several.
    if (!chunk.includes(escapeByte)) return chunk.includes(needle);
    const bytes = withoutColours(chunk.toString('latin1'));
    return bytes.includes('\u001b') || bytes.includes(needleBytes);
  };
}
