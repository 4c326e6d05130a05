import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { buildFilter, type SealedChunks } from './build.ts';

// What a thread of `FilterThread` runs: a filter for each section that it is sent, until it is sent null.

// On Linux, a priority is a thread's own: this one takes only what nobody else wants. Elsewhere it is the process's.
if (process.platform === 'linux') setPriority(19);

parentPort?.on('message', (sealed: SealedChunks | null) => {
  if (sealed === null) return parentPort?.close();
  const { key, chunks } = sealed;
  // What is sent arrives as plain arrays of bytes.
  const sent = chunks.map((chunk) => ({
    ...chunk,
    text: asBuffer(chunk.text),
    runs: asBuffer(chunk.runs),
  }));
  parentPort?.postMessage(buildFilter({ key, chunks: sent }));
});

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
