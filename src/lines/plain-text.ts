import { stripVTControlCharacters } from 'node:util';

/** A line as people see it: without colours and other escape sequences of terminals. */
export function plainText(text: string): string {
  if (!text.includes('\u001b')) return text;
  const plain = withoutColours(text);
  return plain.includes('\u001b') ? stripVTControlCharacters(plain) : plain;
}

/** Without the sequences that colour text; other escape sequences stay. */
export function withoutColours(text: string): string {
  return text.replace(colours, '');
}

// Nearly all escapes are these, and an expression for nothing else is several times as fast.
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is one.
const colours = /\u001b\[[0-9;:]*m/g;
