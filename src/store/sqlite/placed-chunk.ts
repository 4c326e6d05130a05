import { chunkChecksum } from '../checksum.ts';
import type { Chunk } from '../chunk.ts';

/** A row of `chunks`. */
export interface PlacedChunk extends Chunk {
  /** The number of its first line. */
  first: number;
  checksum: number | null;
}

/** True for an undamaged row. A damaged one may even hold other kinds of values than its table allows. */
export function isSound(jobId: string, chunk: PlacedChunk): boolean {
  const { first, checksum, runs, text } = chunk;
  if (!Buffer.isBuffer(runs) || !Buffer.isBuffer(text)) return false;
  return checksum === chunkChecksum(jobId, first, chunk);
}
