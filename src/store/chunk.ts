import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LineBlock, LineRun } from '../core/log.ts';
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

/** Lines as one uncompressed chunk. A \n within a line becomes U+240A, for it would shift all later numbers. */
export function rawChunk(block: LineBlock): Chunk {
  const text = encodeText(block.texts, 0, block.texts.length);
  return {
    count: block.texts.length,
    encoding: raw,
    bytes: text.length,
    text,
    runs: encodeRuns(block.runs),
  };
}

/** About the bytes that lines take, in UTF-16 units: cheap, and never more than the bytes of UTF-8. */
export function textSize(texts: readonly string[]): number {
  let size = 0;
  for (const text of texts) size += text.length + 1;
  return size;
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
    const text = joinTexts(lead, to > from ? encodeText(block.texts, from, to) : null);
    const ownRuns = encodeRuns(sliceRuns(runs, covered, covered + count));
    const packed = encoding === zstd ? compress(text) : text;
    const chunk = { count, encoding, bytes: text.length, text: packed, runs: ownRuns };
    covered += count;
    from = to;
    lead = null;
    count = 0;
    size = 0;
    return chunk;
  };

  const encoding = options.compress ? zstd : raw;
  const end = block.texts.length;
  for (const [index, line] of block.texts.entries()) {
    count += 1;
    size += line.length + 1;
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

/** The lines of a chunk's text. */
export function linesOf(text: Buffer): string[] {
  return text.toString('utf8').split('\n');
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

function encodeText(texts: readonly string[], from: number, to: number): Buffer {
  const lines = texts.slice(from, to);
  for (const [index, line] of lines.entries()) {
    if (line.includes('\n')) lines[index] = line.replaceAll('\n', '\u240a');
  }
  return Buffer.from(lines.join('\n'), 'utf8');
}

function compress(text: Buffer): Buffer {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
