/** Bytes to read integers from, and the index of the next one. */
export interface ByteReader {
  bytes: Uint8Array;
  at: number;
}

/** Adds a whole number from 0 up to 2^53 as LEB128. Arithmetic instead of bit operations: times need more than 32 bits. */
export function putInteger(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** Adds a whole number in zigzag coding. Twice the number must still be exact. */
export function putSigned(bytes: number[], value: number): void {
  putInteger(bytes, value < 0 ? -2 * value - 1 : 2 * value);
}

/** The next number that `putInteger` has added; past the end, bytes are 0. */
export function takeInteger(reader: ByteReader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.bytes[reader.at++] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
}

/** The next number that `putSigned` has added. */
export function takeSigned(reader: ByteReader): number {
  const coded = takeInteger(reader);
  return coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
}
