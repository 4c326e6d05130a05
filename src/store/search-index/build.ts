import { logLevels } from '../../core/log.ts';
import { levelOf } from '../../lines/level.ts';
import { plainText, withoutColours } from '../../lines/plain-text.ts';
import { type Chunk, runsOf, textOf } from '../chunk.ts';
import { splitLines } from '../line-text.ts';
import { sourceBit } from '../runs.ts';
import { encodeFilter, maxParts, type Section } from './filter.ts';
import { foldable, markTrigrams, trigramHashes } from './trigrams.ts';

/** A full section has this many chunks. More make fewer and larger filters, whose hits are read in larger parts. */
export const chunksPerSection = 32;
const chunksPerPart = chunksPerSection / maxParts;

/** Sound chunks, at most `chunksPerSection`, one behind the other. `key` says of which log, and from which line on. */
export interface SealedChunks {
  key: string;
  chunks: Chunk[];
}

/** The filter of a section: its bytes, as they are stored. Takes some tens of milliseconds. */
export function buildFilter({ key, chunks }: SealedChunks): Buffer {
  const marks = new Uint8Array(trigramHashes);
  const section = emptySection();
  let textBytes = 0;
  for (const [index, chunk] of chunks.entries()) {
    const part = Math.floor(index / chunksPerPart);
    const text = textOf(chunk);
    textBytes += text.length;
    section.parts[part] = (section.parts[part] ?? 0) + chunk.count;
    takeRuns(section, chunk);
    const lines = splitLines(text, 0, chunk.count);
    takeLevels(section, lines, 1 << part);
    markTrigrams(marks, foldable(plainTextOf(text, lines)), 1 << part);
  }
  return encodeFilter(section, { marks, textBytes, key });
}

function emptySection(): Section {
  return {
    parts: [],
    from: Number.POSITIVE_INFINITY,
    to: Number.NEGATIVE_INFINITY,
    sources: 0,
    levels: logLevels.map(() => ({ count: 0, parts: 0 })),
  };
}

function takeRuns(section: Section, chunk: Chunk): void {
  for (const { time, source } of runsOf(chunk)) {
    section.from = Math.min(section.from, time);
    section.to = Math.max(section.to, time);
    section.sources |= sourceBit(source);
  }
}

function takeLevels({ levels }: Section, lines: readonly string[], bit: number): void {
  for (const line of lines) {
    const stated = levelOf(line);
    const level = stated === null ? undefined : levels[logLevels.indexOf(stated)];
    if (level === undefined) continue;
    level.count += 1;
    level.parts |= bit;
  }
}

/** The text of a chunk as `plainText` shows its lines. */
function plainTextOf(text: Buffer, lines: readonly string[]): Buffer {
  if (!text.includes(escapeByte)) return text;
  // Colours are ASCII: one character a byte will do.
  const plain = withoutColours(text.toString('latin1'));
  if (!plain.includes('\u001b')) return Buffer.from(plain, 'latin1');
  return Buffer.from(lines.map(plainText).join('\n'));
}

const escapeByte = 0x1b;
