import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LineBlock, LineRun } from '../core/log.ts';
import { encodeLines } from './line-text.ts';
import { decodeRuns, encodeRuns, extendRuns, sliceRuns } from './runs.ts';

/** About the most that a chunk holds: bytes of text before it is compressed, and lines. */
export const fullChunk = { bytes: 128 * 1024, lines: 1000 } as const;

const raw = 0;
const zstd = 1;

/** Consecutive lines in stored form. `bytes` is the length of the text before compression. */
export interface Chunk {
  count: number;
  encoding: number;
  bytes: number;
  /** The lines joined by \n, in UTF-8. */
  text: Buffer;
  runs: Buffer;
}

/** The uncompressed rows at the end of a log, joined, which do not make a full chunk yet. */
export interface Tail {
  count: number;
  text: Buffer;
  runs: LineRun[];
}

/** Lines as one uncompressed chunk. */
export function rawChunk(block: LineBlock): Chunk {
  const text = encodeLines(block.lines, 0, block.lines.length);
  return {
    count: block.lines.length,
    encoding: raw,
    bytes: text.length,
    text,
    runs: encodeRuns(block.runs),
  };
}

/** Lines as one compressed chunk. */
export function zstdChunk(block: LineBlock): Chunk {
  const chunk = rawChunk(block);
  return { ...chunk, encoding: zstd, text: compress(chunk.text) };
}

/** How full a chunk of these lines would be; 1 is a full one. */
export function fullness(lines: { count: number; size: number }): number {
  return Math.max(lines.count / fullChunk.lines, lines.size / fullChunk.bytes);
}

/** Cuts a tail and the lines that follow it into chunks of about the same fullness, as near to 1 as can be. */
export function cutChunks(tail: Tail, block: LineBlock, options: { compress: boolean }): Chunk[] {
  const runs = tail.runs.slice();
  extendRuns(runs, block.runs);
  const chunks: Chunk[] = [];
  let covered = 0;
  let lead: Buffer | null = tail.count === 0 ? null : tail.text;
  let from = 0;
  for (const to of cuts(tail, block.lines)) {
    const count = (lead === null ? 0 : tail.count) + to - from;
    const text = joinTexts(lead, to > from ? encodeLines(block.lines, from, to) : null);
    chunks.push({
      count,
      encoding: options.compress ? zstd : raw,
      bytes: text.length,
      text: options.compress ? compress(text) : text,
      runs: encodeRuns(sliceRuns(runs, covered, covered + count)),
    });
    covered += count;
    lead = null;
    from = to;
  }
  return chunks;
}

/** Where the lines are cut into chunks: the index after the last line of each chunk. */
function cuts(tail: Tail, texts: readonly string[]): number[] {
  const tailWeight = fullness({ count: tail.count, size: tail.text.length });
  let total = tailWeight;
  for (const text of texts) total += weightOf(text);
  const share = total / Math.max(1, Math.round(total));
  const ends: number[] = [];
  let weight = tailWeight;
  for (let index = 0; index < texts.length - 1; index++) {
    weight += weightOf(texts[index] ?? '');
    if (weight >= share * (ends.length + 1)) ends.push(index + 1);
  }
  ends.push(texts.length);
  return ends;
}

function weightOf(text: string): number {
  return Math.max(1 / fullChunk.lines, (text.length + 1) / fullChunk.bytes);
}

/** True for a chunk that is not compressed. */
export function isRaw(chunk: Pick<Chunk, 'encoding'>): boolean {
  return chunk.encoding === raw;
}

/** The lines of an undamaged chunk, joined by \n, in UTF-8. */
export function textOf(chunk: Pick<Chunk, 'encoding' | 'bytes' | 'text'>): Buffer {
  if (chunk.encoding === raw) return chunk.text;
  // The output fits into one buffer. The byte to spare shows zlib that nothing more will come.
  return zstdDecompressSync(chunk.text, { chunkSize: Math.max(64, chunk.bytes + 1) });
}

/** The runs of a chunk. */
export function runsOf(chunk: Pick<Chunk, 'runs'>): LineRun[] {
  return decodeRuns(chunk.runs);
}

/** Joins uncompressed rows, in order, into the tail of their log. */
export function joinTail(rows: readonly Pick<Chunk, 'count' | 'text' | 'runs'>[]): Tail {
  const runs: LineRun[] = [];
  const parts: Buffer[] = [];
  let count = 0;
  for (const row of rows) {
    if (parts.length > 0) parts.push(lineEnd);
    parts.push(row.text);
    extendRuns(runs, runsOf(row));
    count += row.count;
  }
  return { count, text: Buffer.concat(parts), runs };
}

const lineEnd = Buffer.from('\n');

function joinTexts(lead: Buffer | null, rest: Buffer | null): Buffer {
  if (lead === null) return rest ?? Buffer.alloc(0);
  return rest === null ? lead : Buffer.concat([lead, lineEnd, rest]);
}

function compress(text: Buffer): Buffer {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
