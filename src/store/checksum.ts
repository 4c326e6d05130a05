import { crc32 } from 'node:zlib';
import type { Chunk } from './chunk.ts';

// One call for all that is small: each call costs as much as some hundred bytes.
let facts = Buffer.alloc(1024);

/**
 * CRC-32 over all that decides what a stored chunk says: whose lines they are, where they stand, how
 * they are to be read, when they were captured, and their bytes as they are stored.
 */
export function chunkChecksum(jobId: string, first: number, chunk: Chunk): number {
  const length = 3 * jobId.length + 16 + chunk.runs.length;
  if (facts.length < length) facts = Buffer.alloc(length);
  let at = facts.write(jobId);
  for (const number of [first, chunk.count, chunk.encoding, chunk.bytes]) {
    at = facts.writeUInt32LE(number >>> 0, at);
  }
  at += chunk.runs.copy(facts, at);
  return crc32(chunk.text, crc32(facts.subarray(0, at)));
}
