/** Bytes of a file, both ends included. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The one range that a `Range` header asks for, of a file of so many bytes. `whole` where it asks for
 * none that is understood, or for several: RFC 9110 lets a server pass over them. `none` where it
 * lies behind the end.
 */
export function parseRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'whole' | 'none' {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return 'whole';
  if (first === '') {
    const count = Math.min(Number(last), bytes);
    return count === 0 ? 'none' : { start: bytes - count, end: bytes - 1 };
  }
  const range = {
    start: Number(first),
    end: Math.min(last === '' ? bytes : Number(last), bytes - 1),
  };
  if (last !== '' && Number(last) < range.start) return 'whole';
  return range.start >= bytes ? 'none' : range;
}
