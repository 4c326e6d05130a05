import { withoutColours } from '../../lines/plain-text.ts';

const escapeByte = 0x1b;

/**
 * Whether a chunk of UTF-8 text, escape sequences left out, may hold a text. Where there is no escape
 * the bytes answer; colours are taken off, and where other sequences are left only the lines can tell.
 */
export function chunkMayHold(text: string): (chunk: Buffer) => boolean {
  const needle = Buffer.from(text);
  // As many characters as bytes: nothing is decoded, and colours are ASCII in any case.
  const needleBytes = needle.toString('latin1');
  return (chunk) => {
    // Looking for one byte costs a small part of looking for several.
    if (!chunk.includes(escapeByte)) return chunk.includes(needle);
    const bytes = withoutColours(chunk.toString('latin1'));
    return bytes.includes('\u001b') || bytes.includes(needleBytes);
  };
}
