import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The character that stands before and after every sample. */
export const edge = 0;
const maxCharacters = 95;
const maxSampleLength = 200;

/** Lies beside the program, built or not. */
const wordsFile = fileURLToPath(new URL('words.txt', import.meta.url));

/** Samples as numbers: each character is its place in the alphabet, where 0 is the edge. */
export interface Dataset {
  alphabet: string[];
  samples: Uint8Array[];
}

/**
 * Reads a text file, one sample a line; English words of 4 to 7 letters (`words.txt`) where no
 * path is given. Only the first 200 characters of a line count, and only the 95 most frequent characters.
 */
export async function loadDataset(path: string | null): Promise<Dataset> {
  const lines = await linesOf(path ?? wordsFile);
  const alphabet = alphabetOf(lines);
  const places = new Map(alphabet.map((character, place) => [character, place]));
  const encode = (line: string) =>
    Uint8Array.from(Array.from(line, (character) => places.get(character) ?? edge).filter(Boolean));
  const samples = lines.map(encode).filter((sample) => sample.length > 0);
  return { alphabet, samples };
}

async function linesOf(path: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`the data set cannot be read: ${path}`, { cause });
  }
  const lines = text
    .split('\n')
    .map((line) => line.trim().slice(0, maxSampleLength).toWellFormed());
  const samples = lines.filter((line) => line !== '');
  if (samples.length === 0) throw new Error(`the data set has no line of text: ${path}`);
  return samples;
}

/** The edge, then the characters, the most frequent first. */
function alphabetOf(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const character of line) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
  return ['', ...byCount.slice(0, maxCharacters).map(([character]) => character)];
}
