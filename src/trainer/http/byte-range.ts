/** A range of bytes. It includes both ends. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The range that a `Range` header asks for, of a file with so many bytes. `whole` if there is no
 * header, or one that RFC 9110 lets a server ignore: several ranges, or an unknown unit. `none` if
 * the range lies behind the file's end.
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
