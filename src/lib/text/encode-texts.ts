import { transcode } from 'node:buffer';

/** A buffer of this size is reused for texts that fit: a new one each time would keep the garbage collector busy. */
const scratchBytes = 512 * 1024;
let scratch: Buffer | undefined;

/** About how much text is joined into one string, in UTF-16 units: well below what V8 treats as a large string. */
const unitsJoined = 16 * 1024;

/** A plain conversion is faster for less text than this, in UTF-16 units. */
const worthTranscoding = 2048;

/**
 * Joins texts with `between` (one character or none) and encodes them in UTF-8. Half a surrogate pair becomes
 * U+FFFD. Much text is never joined into one string: V8 gives each string of more than 128 KiB memory of its
 * own, which takes several times as long as all the rest.
 */
export function encodeTexts(texts: readonly string[], between: '' | '\n'): Buffer {
  let units = between.length * texts.length;
  for (const text of texts) units += text.length;
  if (units < worthTranscoding) return Buffer.from(texts.join(between), 'utf8');
  try {
    return transcode(utf16Of(texts, { between, units }), 'utf16le', 'utf8');
  } catch {
    // The text holds half a surrogate pair, which transcode refuses.
    return Buffer.from(texts.join(between), 'utf8');
  }
}

/** The texts in UTF-16, joined a few at a time. The buffer is valid until the next call. */
function utf16Of(texts: readonly string[], size: { between: string; units: number }): Buffer {
  const joined = roomFor(2 * size.units);
  const some = Math.ceil(unitsJoined / (size.units / texts.length));
  let end = 0;
  for (let from = 0; from < texts.length; from += some) {
    if (from > 0) end += joined.write(size.between, end, 'utf16le');
    const piece = texts.slice(from, from + some).join(size.between);
    end += joined.write(piece, end, 'utf16le');
  }
  return joined.subarray(0, end);
}

function roomFor(bytes: number): Buffer {
  if (bytes > scratchBytes) return Buffer.allocUnsafeSlow(bytes);
  scratch ??= Buffer.allocUnsafeSlow(scratchBytes);
  return scratch;
}
