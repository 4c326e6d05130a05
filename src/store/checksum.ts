import { crc32 } from 'node:zlib';
import type { Chunk } from './chunk.ts';

const numbers = Buffer.alloc(16);

/**
 * CRC-32 over all that decides what a stored chunk says: whose lines they are, where they stand, how
 * they are to be read, when they were captured, and their bytes as they are stored.
 */
export function chunkChecksum(jobId: string, first: number, chunk: Chunk): number {
  numbers.writeUInt32LE(first >>> 0, 0);
  numbers.writeUInt32LE(chunk.count >>> 0, 4);
  numbers.writeUInt32LE(chunk.encoding >>> 0, 8);
  numbers.writeUInt32LE(chunk.bytes >>> 0, 12);
  return crc32(chunk.text, crc32(chunk.runs, crc32(numbers, crc32(jobId))));
}

/** CRC-32 over facts of one job, in order. */
export function factsChecksum(jobId: string, facts: readonly (number | string | null)[]): number {
  let all = jobId;
  // The kind and the length of each, so that no two lists of facts run together to the same text.
  for (const fact of facts) {
    const text = fact === null ? '' : String(fact);
    const kind = fact === null ? 'null' : typeof fact;
    all += `${kind} ${text.length} ${text}`;
  }
  return crc32(all);
}
