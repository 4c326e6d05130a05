import { transcode } from 'node:buffer';

/** Reused for texts up to this size: a new one each time keeps the collector busy. */
const scratchBytes = 512 * 1024;
let scratch: Buffer | undefined;

/** About what is joined to one string, in UTF-16 units: well below V8's large ones. */
const unitsJoined = 16 * 1024;

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

/** The texts in UTF-16, joined some at a time; valid until the next call. */
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
