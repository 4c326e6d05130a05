/**
 * False for a line that no reader understands without a line before it: most lines, so this is what
 * reading a log costs. True for some more than are understood.
 */
export function mayTell(text: string): boolean {
  return (
    words.test(text) ||
    (text.includes('[') && bracketed.test(text)) ||
    ((text.includes('p. ') || text.includes('P. ')) && updates.test(text)) ||
    text.includes('%') ||
    text.includes('{') ||
    text.includes('━') ||
    text.includes('╸') ||
    beginsAsRow(text)
  );
}

// Each is four characters at least and has letters first, so that the search can go on in leaps.
const words = /step|epoch|iter|update|batch=|train:|\bep \d|running train|loss(?:: |,)/i;
const bracketed = /it \[|\] \[\d/i;
const updates = /: up\. /i;

/** `[25]\t` and `25:\t` of boosting, `12/100 ` of Keras, spaCy's header, and a row of a box. */
function beginsAsRow(text: string): boolean {
  let at = 0;
  while (text.charCodeAt(at) === space) at += 1;
  const first = text.charCodeAt(at);
  if (first === openBracket) return isDigit(text.charCodeAt(at + 1));
  if (first === pipe) return at === 0 && text.charCodeAt(1) === space;
  if (first === capitalE) return text.charCodeAt(at + 1) === space;
  if (!isDigit(first)) return false;
  while (isDigit(text.charCodeAt(at))) at += 1;
  const next = text.charCodeAt(at);
  return next === slash || (next === colon && text.charCodeAt(at + 1) === tab);
}

const tab = 0x09;
const space = 0x20;
const slash = 0x2f;
const colon = 0x3a;
const pipe = 0x7c;
const capitalE = 0x45;
const openBracket = 0x5b;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
