import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type ByteReader, putInteger, putSigned, takeInteger, takeSigned } from '../integers.ts';
import { trigramHashes } from './trigrams.ts';

/**
 * Stands in each filter. It must grow whenever this format changes, or what a line's level or its plain text is:
 * filters of other versions are made anew.
 */
export const filterVersion = 1;

/** The most parts of a section: each has one bit in a byte. */
export const maxParts = 8;

/** The trigrams of a section's text take no more than this share of it; where they would, they are left out. */
const maxShare = 1 / 200;

/** What is known of a section, which is a stretch of a log's lines in up to eight parts. */
export interface Section {
  /** The lines of each part. */
  parts: number[];
  /** The least and the greatest time of a line. */
  from: number;
  to: number;
  /** A bit for each source that lines have: 1 << its place in the stored order. */
  sources: number;
  /** For each level, from the least severe one on: how many lines state it, and a bit for each part with one. */
  levels: { count: number; parts: number }[];
}

/** A section's filter, opened. */
export interface Filter extends Section {
  /** A bit for each part that may hold all of these trigrams, sorted hashes; any part may where the text is not known. */
  partsWith(hashes: readonly number[]): number;
}

/**
 * A section as bytes, with the marks of its trigrams, of a text of so many bytes. They begin with the version and a
 * checksum of all that follows and of `key`, which says whose section it is.
 */
export function encodeFilter(
  section: Section,
  { marks, textBytes, key }: { marks: Uint8Array; textBytes: number; key: string },
): Buffer {
  const head: number[] = [];
  putInteger(head, section.parts.length);
  for (const lines of section.parts) putInteger(head, lines);
  putSigned(head, section.from);
  putInteger(head, section.to - section.from);
  putInteger(head, section.sources);
  for (const { count, parts } of section.levels) {
    putInteger(head, count);
    putInteger(head, parts);
  }
  const { distances, bits } = pack(marks);
  const maxBytes = textBytes * maxShare;
  const isSmall = distances.length + bits.length <= maxBytes;
  const isKnown = isSmall || distances.length <= maxBytes;
  putInteger(head, isSmall ? kinds.byPart : isKnown ? kinds.whole : kinds.unknown);
  putInteger(head, isKnown ? distances.length : 0);
  const body = [
    Buffer.from(head),
    isKnown ? distances : Buffer.alloc(0),
    isSmall ? bits : Buffer.alloc(0),
  ];
  const bytes = Buffer.concat([Buffer.alloc(5), ...body]);
  bytes[0] = filterVersion;
  bytes.writeUInt32LE(checksum(bytes, key), 1);
  return bytes;
}

/** Opens a filter; null for one that is damaged, another section's, or of another version. */
export function openFilter(bytes: unknown, key: string): Filter | null {
  // A damaged row may hold other kinds of values than its table allows.
  if (!Buffer.isBuffer(bytes) || bytes.length < 5 || bytes[0] !== filterVersion) return null;
  if (bytes.readUInt32LE(1) !== checksum(bytes, key)) return null;
  const reader = { bytes, at: 5 };
  const next = () => takeInteger(reader);
  const parts = Array.from({ length: next() }, next);
  const from = takeSigned(reader);
  const to = from + next();
  const sources = next();
  const levels = Array.from({ length: 4 }, () => ({ count: next(), parts: next() }));
  const kind = next();
  const end = next() + reader.at;
  const all = 2 ** parts.length - 1;
  const trigrams = { reader, end, bits: kind === kinds.byPart ? bytes.subarray(end) : null, all };
  const partsWith =
    kind === kinds.unknown ? () => all : (hashes: readonly number[]) => look(trigrams, hashes);
  return { parts, from, to, sources, levels, partsWith };
}

// How much of a section's trigrams is known. Stored: append, never change.
const kinds = { unknown: 0, whole: 1, byPart: 2 };

function checksum(bytes: Buffer, key: string): number {
  return crc32(bytes.subarray(5), crc32(key, filterVersion));
}

/** The marks that are set: the distance of each from the one before, and their bits, compressed. */
function pack(marks: Uint8Array): { distances: Buffer; bits: Buffer } {
  const distances: number[] = [];
  const bits: number[] = [];
  let next = 0;
  for (let hash = 0; hash < trigramHashes; hash++) {
    const mark = marks[hash] ?? 0;
    if (mark === 0) continue;
    putInteger(distances, hash - next);
    bits.push(mark);
    next = hash + 1;
  }
  return { distances: Buffer.from(distances), bits: zstdCompressSync(Buffer.from(bits)) };
}

interface Trigrams {
  /** At the first of the distances. */
  reader: Readonly<ByteReader>;
  /** Behind the last of them. */
  end: number;
  bits: Buffer | null;
  all: number;
}

function look({ reader, end, bits, all }: Trigrams, hashes: readonly number[]): number {
  const found: number[] = [];
  const at = { ...reader };
  let next = 0;
  let index = 0;
  for (const wanted of hashes) {
    for (; next <= wanted && at.at < end; index++) {
      next += takeInteger(at) + 1;
    }
    if (next - 1 !== wanted) return 0;
    found.push(index - 1);
  }
  if (bits === null || found.length === 0) return all;
  const marks = zstdDecompressSync(bits);
  return found.reduce((parts, place) => parts & (marks[place] ?? 0), all);
}
