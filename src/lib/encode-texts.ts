import { transcode } from 'node:buffer';

/** Reused for texts up to this size: a new one each time keeps the collector busy. */
const scratchBytes = 512 * 1024;
let scratch: Buffer | undefined;

/** Below this, in UTF-16 units, a plain conversion is done sooner. */
const worthTranscoding = 2048;

/**
 * Texts one after the other in UTF-8, each but the first one behind `between`, a single character or
 * none. Half a surrogate pair becomes U+FFFD. Long ones are not made one string, as `texts.join(between)`
 * would: V8 gives one of more than 128 KiB memory of its own, which takes several times as long as
 * all that is done with it.
 */
export function encodeTexts(texts: readonly string[], between: '' | '\n'): Buffer {
  let units = between.length * texts.length;
  for (const text of texts) units += text.length;
  if (units < worthTranscoding) return Buffer.from(texts.join(between), 'utf8');
  try {
    return transcode(utf16Of(texts, { between, units }), 'utf16le', 'utf8');
  } catch {
    // Half a surrogate pair, which transcode refuses.
    return Buffer.from(texts.join(between), 'utf8');
  }
}

/** The texts in UTF-16; valid until the next call. */
function utf16Of(texts: readonly string[], size: { between: string; units: number }): Buffer {
  const joined = roomFor(2 * size.units);
  const between = size.between === '' ? null : size.between.charCodeAt(0);
  let end = 0;
  for (let index = 0; index < texts.length; index++) {
    if (between !== null && index > 0) end = joined.writeUInt16LE(between, end);
    end += joined.write(texts[index] ?? '', end, 'utf16le');
  }
  return joined.subarray(0, end);
}

function roomFor(bytes: number): Buffer {
  if (bytes > scratchBytes) return Buffer.allocUnsafeSlow(bytes);
  scratch ??= Buffer.allocUnsafeSlow(scratchBytes);
  return scratch;
}
