import { isValueWord } from './value-word.ts';

/**
 * The whole name before a separator: `learning rate`, `number of nan iterations`, `train's rmse`; joined
 * by underscores. Null where there is none, and for `elapsed time (ms)` and its like.
 */
export function nameBefore(
  text: string,
  separator: number,
): { name: string; start: number } | null {
  let end = separator;
  while (end > 0 && separator - end < maxSpaces && text.charCodeAt(end - 1) === 0x20) end -= 1;
  let start = wordBefore(text, end);
  if (start === end || !beginsName(text.charCodeAt(start))) return null;
  const last = text.slice(start, end);
  if (isRemark(last) && unitInBrackets.test(last)) return null;
  const words = [last];
  while (words.length < maxWords && goesOn(text, start)) {
    const before = wordBefore(text, start - 1);
    if (before === start - 1 || !beginsName(text.charCodeAt(before))) break;
    const word = text.slice(before, start - 1);
    if (isStopWord(word) || isValueWord(text, before, word)) break;
    words.unshift(word);
    start = before;
  }
  if (words.length === 1 && isSimple(last)) return { name: last, start };
  // So many words are a sentence.
  const name = words.length === maxWords ? '' : nameOf(text.slice(start, end), words);
  return name === '' ? null : { name, start };
}

function isStopWord(word: string): boolean {
  return word.length <= longestStopWord && stopWords.has(word.toLowerCase());
}

/** One space and no more stands before a word: the one before it may belong to the name. */
function goesOn(text: string, start: number): boolean {
  return text.charCodeAt(start - 1) === 0x20 && text.charCodeAt(start - 2) !== 0x20;
}

/** Logs repeat few names: each is put together once. */
const known = new Map<string, string>();
const maxKnown = 1024;

/** The words that stand so in a text as one name; empty where they are none. */
function nameOf(said: string, words: readonly string[]): string {
  let name = known.get(said);
  if (name === undefined) {
    name = joined(words);
    if (known.size >= maxKnown) known.clear();
    known.set(said, name);
  }
  return name;
}

function joined(words: readonly string[]): string {
  if (words.length > 1 && placeWord.test(words.at(-1) ?? '')) return ''; // "OK step=3"
  return words
    .filter((word) => !word.startsWith('('))
    .map((word) =>
      word
        .replace(/\([^)]*\)$/, '')
        .replace(/'s$/, '')
        .replace(/[^\w)]+$/, ''),
    )
    .join('_');
}

function isRemark(word: string): boolean {
  return word.charCodeAt(word.length - 1) === 0x29;
}

/** Most names are one word, and nothing is to be taken away from it. */
function isSimple(word: string): boolean {
  const end = word.charCodeAt(word.length - 1);
  const before = word.charCodeAt(word.length - 2);
  return isAlphanumeric(end) && before !== 0x27;
}

/** Where the word that ends here begins; a bracketed remark counts as one. */
function wordBefore(text: string, end: number): number {
  let at = end;
  if (text.charCodeAt(at - 1) === 0x29) {
    const open = text.lastIndexOf('(', at);
    if (open !== -1 && at - open <= 24) at = open;
  }
  while (at > 0 && isWordCode(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isWordCode(code: number): boolean {
  // - . / @ and '
  return isAlphanumeric(code) || (code >= 0x2d && code <= 0x2f) || code === 0x40 || code === 0x27;
}

function isAlphanumeric(code: number): boolean {
  return beginsWord(code) || (code >= 0x30 && code <= 0x39);
}

function beginsWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function beginsName(code: number): boolean {
  return beginsWord(code) || code === 0x28;
}

const maxSpaces = 12;
const maxWords = 6;
const unitInBrackets = /^\w*\((?:ns|us|ms|s|secs?|seconds?|min|h|hours|[kmg]i?b)\)$/i;
const placeWord = /^(?:epochs?|steps?|iter|iterations?|batch)$/i;
const stopWords = new Set([
  ...['the', 'a', 'an', 'is', 'are', 'was', 'with', 'at', 'in', 'to', 'for', 'on', 'and', 'from'],
  ...['has', 'have', 'got', 'now', 'this', 'that', 'its', 'using', 'done', 'finished'],
  ...['info', 'debug', 'warning', 'warn', 'error', 'notice', 'critical'],
]);
const longestStopWord = 8;
