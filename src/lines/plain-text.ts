import { stripVTControlCharacters } from 'node:util';

/** A line as people see it: without colours and other escape sequences of terminals. */
export function plainText(text: string): string {
  return text.includes('\u001b') ? stripVTControlCharacters(text) : text;
}
