import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LineBlock, LineRun } from '../core/log.ts';
import { encodeLines } from './line-text.ts';
import { decodeRuns, encodeRuns, extendRuns, sliceRuns } from './runs.ts';

/** A chunk is full, and compressed, once it holds this many bytes of text or this many lines. */
export const fullChunk = { bytes: 60 * 1024, lines: 1000 } as const;

// What is left of a cut batch stays raw below this, to be joined by later lines.
const worthCompressing = { bytes: 16 * 1024, lines: 300 } as const;

const raw = 0;
const zstd = 1;

/** Consecutive lines as a store keeps them. `bytes` is the length of the text before compression. */
export interface Chunk {
  count: number;
  encoding: number;
  bytes: number;
  /** The lines joined by \n, in UTF-8. */
  text: Buffer;
  runs: Buffer;
}

/** The raw rows at the end of a log that do not make a full chunk yet, as one. */
export interface Tail {
  count: number;
  text: Buffer;
  runs: LineRun[];
}

/** Lines as one uncompressed chunk. */
export function rawChunk(block: LineBlock): Chunk {
  const text = encodeLines(block.texts, 0, block.texts.length);
  return {
    count: block.texts.length,
    encoding: raw,
    bytes: text.length,
    text,
    runs: encodeRuns(block.runs),
  };
}

/**
 * Cuts a tail and the lines that follow it into full compressed chunks; `rest` is what is left at
 * the end, raw, where it is too little to be worth compressing.
 */
export function cutChunks(
  tail: Tail,
  block: LineBlock,
  options: { compress: boolean },
): { full: Chunk[]; rest: Chunk | null } {
  const runs = tail.runs.slice();
  extendRuns(runs, block.runs);
  const full: Chunk[] = [];
  let lead: Buffer | null = tail.count === 0 ? null : tail.text;
  let from = 0;
  let count = tail.count;
  let covered = 0;
  let size = tail.text.length;

  const cut = (to: number, encoding: number): Chunk => {
    const plain = joinTexts(lead, to > from ? encodeLines(block.texts, from, to) : null);
    const text = encoding === zstd ? compress(plain) : plain;
    const ownRuns = encodeRuns(sliceRuns(runs, covered, covered + count));
    const chunk = { count, encoding, bytes: plain.length, text, runs: ownRuns };
    covered += count;
    from = to;
    lead = null;
    count = 0;
    size = 0;
    return chunk;
  };

  const encoding = options.compress ? zstd : raw;
  const end = block.texts.length;
  for (let index = 0; index < end; index++) {
    count += 1;
    size += (block.texts[index]?.length ?? 0) + 1;
    if (size >= fullChunk.bytes || count >= fullChunk.lines) full.push(cut(index + 1, encoding));
  }
  if (size >= worthCompressing.bytes || count >= worthCompressing.lines) {
    full.push(cut(end, encoding));
  }
  return { full, rest: count > 0 ? cut(end, raw) : null };
}

/** A chunk's lines joined by \n, in UTF-8. */
export function textOf(chunk: Pick<Chunk, 'encoding' | 'bytes' | 'text'>): Buffer {
  if (chunk.encoding === raw) return chunk.text;
  // One output buffer of the right size saves a copy.
  return zstdDecompressSync(chunk.text, { chunkSize: Math.max(64, chunk.bytes) });
}

/** The runs of a chunk. */
export function runsOf(chunk: Pick<Chunk, 'runs'>): LineRun[] {
  return decodeRuns(chunk.runs);
}

/** Raw rows, in order, as the tail that they are. */
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
