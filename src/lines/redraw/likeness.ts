import { plainText } from '../plain-text.ts';

/** True for a text that shows how far something is. */
export function isBar(text: string): boolean {
  return /\d%|\b\d{1,15}\/\d{1,15}\b|[━╸╺█▏▎▍▌▋▊▉⠁-⣿]/.test(text);
}

/** True for a bar that has come to its end. */
export function isComplete(text: string): boolean {
  if (/\b100(?:\.0{1,9})?%/.test(text)) return true;
  const [, part, whole] = /\b(\d{1,15})\/(\d{1,15})\b/.exec(text) ?? [];
  return part !== undefined && part === whole;
}

/** True for two states of one thing: they begin with the same letters, whatever their numbers are. */
export function isLike(text: string, other: string): boolean {
  return lettersOf(text) === lettersOf(other);
}

/** True for two states of one bar and nothing else: all their letters are the same, be it `it/s` or `s/it`. */
export function isSameBar(text: string, other: string): boolean {
  return isBar(text) && allLettersOf(text) === allLettersOf(other);
}

/** What two states of one bar have in common: the first letters, without colours. */
export function lettersOf(text: string): string {
  return allLettersOf(text.slice(0, 256)).slice(0, 16);
}

function allLettersOf(text: string): string {
  return plainText(text)
    .replace('s/it', 'it/s')
    .replaceAll(/[^\p{L}]+/gu, '');
}
