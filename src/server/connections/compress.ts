import { promisify } from 'node:util';
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib';
import { weightOf } from '../rest/accepted.ts';

/** Fewer bytes fit into one packet anyway. */
const leastBytes = 1024;

const codings = ['zstd', 'br', 'gzip'] as const;
type Coding = (typeof codings)[number];

const zstd = promisify(zstdCompress);
const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/** Each at its fastest level: a page of a thousand entries takes less than a millisecond, of another thread. */
const encoders: Readonly<Record<Coding, (bytes: Buffer) => Promise<Buffer>>> = {
  zstd: (bytes) => zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  br: (bytes) =>
    brotli(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 1,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: (bytes) => deflate(bytes, { level: 1 }),
};

/** An answer's body, and the header that names its coding; none where it is sent as it is. */
interface Body {
  bytes: Buffer;
  headers: { 'content-encoding'?: Coding };
}

/** A body in the coding that the client likes best by its `Accept-Encoding`, or as it is where that is small or not liked. */
export async function compressed(bytes: Buffer, accepted: string | undefined): Promise<Body> {
  const coding = bytes.length < leastBytes ? null : bestOf(accepted);
  if (coding === null) return { bytes, headers: {} };
  return { bytes: await encoders[coding](bytes), headers: { 'content-encoding': coding } };
}

function bestOf(accepted: string | undefined): Coding | null {
  let best: { coding: Coding; weight: number } | null = null;
  for (const coding of accepted === undefined ? [] : codings) {
    const weight = weightOf(coding, accepted);
    if (weight > (best?.weight ?? 0)) best = { coding, weight };
  }
  return best?.coding ?? null;
}
