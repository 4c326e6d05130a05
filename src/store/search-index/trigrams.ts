import { isAscii } from 'node:buffer';

/** How many hashes of trigrams there are: three bytes in a row, folded. */
export const trigramHashes = 2 ** 17;

/** Sets a bit in the mark of each trigram of a folded text in UTF-8; there are `trigramHashes` marks. */
export function markTrigrams(marks: Uint8Array, folded: Uint8Array, bit: number): void {
  let trigram = 0;
  for (let at = 0; at < folded.length; at++) {
    trigram = ((trigram << 8) | (folded[at] ?? 0) | caseBit) & 0xffffff;
    // The first two are no whole trigrams: two marks too many do no harm.
    const hash = Math.imul(trigram, factor) >>> shift;
    const mark = marks[hash] ?? 0;
    if ((mark & bit) === 0) marks[hash] = mark | bit;
  }
}

/** The hashes of all trigrams of a text, once each; none where it is shorter than three bytes. */
export function trigramsOf(text: string): number[] {
  const bytes = foldable(Buffer.from(text));
  const hashes = new Set<number>();
  let trigram = 0;
  for (const [at, byte] of bytes.entries()) {
    trigram = ((trigram << 8) | byte | caseBit) & 0xffffff;
    if (at >= 2) hashes.add(Math.imul(trigram, factor) >>> shift);
  }
  return [...hashes];
}

/**
 * A text in UTF-8 in which only bytes of ASCII differ between cases of its letters of ASCII: to Unicode, and to RE2,
 * U+017F is an s and U+212A a k. Other letters keep their case.
 */
export function foldable(text: Buffer): Buffer {
  if (isAscii(text) || !(text.includes(longS) || text.includes(kelvin))) return text;
  const bytes = text.toString('latin1').replaceAll(latin1(longS), 's');
  return Buffer.from(bytes.replaceAll(latin1(kelvin), 'k'), 'latin1');
}

// The one bit in which a letter's cases differ. Other bytes lose it, too: they are told apart a little less well.
const caseBit = 0x20;

const factor = 0x9e3779b1;
const shift = 32 - Math.log2(trigramHashes);

const longS = Buffer.from('\u017f');
const kelvin = Buffer.from('\u212a');
const latin1 = (bytes: Buffer) => bytes.toString('latin1');
