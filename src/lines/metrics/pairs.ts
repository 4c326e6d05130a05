import { isMeasureInText } from './names.ts';
import { numberAt } from './number.ts';
import { placeOf } from './place.ts';
import { emptyReading, type Reading } from './reading.ts';
import { isValueWord } from './value-word.ts';

/**
 * Reads `step=10 loss=0.5`, `Epoch 3/10 - val_loss: 0.5`, `iteration 20/ 400 | lm loss: 6.3E+00 |`,
 * `step 250: train loss 2.1`: names and numbers on a line that says where in the training it belongs.
 * Null for a line that does not. Most frameworks' lines are of this kind.
 */
export function readPairs(text: string): Reading | null {
  const place = placeOf(text);
  if (place === null || settings.test(text)) return null;
  const { step, totalSteps, epoch, totalEpochs, inEpoch } = place;
  const reading = { ...emptyReading(), step, totalSteps, epoch, totalEpochs, inEpoch };
  const first = addPairs(reading.values, text, { tight: place.tight });
  const kind = evaluation.exec(text.slice(0, first + maxEvaluation));
  if (kind !== null && kind.index < first) {
    reading.evaluation = true;
    reading.values = markedAs((kind[1] ?? '').toLowerCase(), reading.values);
  }
  return reading;
}

/**
 * Adds the pairs of a text that needs no place of its own, such as a progress bar's postfix, and returns
 * where the first one begins. With `tight`, a number may follow a colon without a space under any name.
 */
export function addPairs(
  values: Map<string, number>,
  text: string,
  { tight }: { tight: boolean },
): number {
  let first = text.length;
  const add = (name: string, value: number, at: number) => {
    first = Math.min(first, at);
    if (!values.has(name) && isMeasureInText(name)) values.set(name, value);
  };
  for (let at = 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== colon && code !== equals) continue;
    const found = valueAfter(text, at + 1);
    if (found === null) continue;
    const name = nameBefore(text, at);
    if (
      name !== null &&
      (tight || code === equals || isSpaced(text, at) || obvious.test(name.name))
    ) {
      add(name.name, found.value, name.start);
    }
    at = found.end - 1;
  }
  if (spokenHint.test(text)) {
    for (const match of text.matchAll(spoken)) {
      const [whole, qualifier, name = ''] = match;
      const found = numberAt(text, match.index + whole.length);
      if (found === null) continue;
      const full = qualifier === undefined ? name : `${qualifier}_${name}`;
      add(full.replaceAll(' ', '_'), found.value, match.index);
    }
  }
  if (text.includes('|') || text.includes('\t')) addFields(text, add);
  return first;
}

const colon = 0x3a;
const equals = 0x3d;
const maxSpaces = 12;
const maxWords = 6;

function isSpaced(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return next === 0x20 || next === 0x09;
}

/** The number behind a colon or an equals sign; of a list of equal numbers (`lr=[1e-05, 1e-05]`) the number. */
function valueAfter(text: string, from: number): { value: number; end: number } | null {
  let at = from;
  while (at - from < maxSpaces && text.charCodeAt(at) === 0x20) at += 1;
  if (text.charCodeAt(at) !== 0x5b) return numberAt(text, at) ?? scalarAt(text, at);
  const end = text.indexOf(']', at);
  if (end === -1 || end - at > 256) return null;
  const numbers = text.slice(at + 1, end).split(/, ?/);
  const first = numberAt(numbers[0] ?? '', 0);
  if (first === null || numbers.some((number) => number !== numbers[0])) return null;
  return { value: first.value, end: end + 1 };
}

/** The number of a scalar as its library prints it: `tensor(2.5, device='cuda:0')`, `Array(2.5, dtype=float32)`. */
function scalarAt(text: string, at: number): { value: number; end: number } | null {
  const code = text.charCodeAt(at);
  if (code !== 0x74 && code !== 0x41 && code !== 0x6e) return null;
  scalar.lastIndex = at;
  const match = scalar.exec(text);
  const found = match === null ? null : numberAt(match[1] ?? '', 0);
  return found === null ? null : { value: found.value, end: scalar.lastIndex };
}

const scalar = /(?:tensor|Array|np\.float\d\d)\(([-+.\w]{1,24})(?:, [^()]{0,80})?\)/y;

/**
 * The whole name before a separator: `learning rate`, `number of nan iterations`, `train's rmse`; joined
 * by underscores. Null where there is none, and for `elapsed time (ms)` and its like.
 */
function nameBefore(text: string, separator: number): { name: string; start: number } | null {
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

const unitInBrackets = /^\w*\((?:ns|us|ms|s|secs?|seconds?|min|h|hours|[kmg]i?b)\)$/i;
const placeWord = /^(?:epochs?|steps?|iter|iterations?|batch)$/i;
const stopWords = new Set([
  ...['the', 'a', 'an', 'is', 'are', 'was', 'with', 'at', 'in', 'to', 'for', 'on', 'and', 'from'],
  ...['has', 'have', 'got', 'now', 'this', 'that', 'its', 'using', 'done', 'finished'],
  ...['info', 'debug', 'warning', 'warn', 'error', 'notice', 'critical'],
]);
const longestStopWord = 8;
/** Named so, a number may follow a colon without a space. */
const obvious = /loss|acc|lr|ppl|perplexity|norm|reward|learning_rate/i;

const spokenHint = /(?:loss|acc\w*|lr|ppl|perplexity|norm|mfu)(?: is)? {1,8}[-+.\dni]/i;
const spoken =
  /(?<![\w./@-])(?:(train|training|val|valid|validation|eval|test|dev|average|avg|total|lm|grad) )?([\w/]{0,40}loss|acc|accuracy|lr|learning rate|ppl|perplexity|norm|grad_norm|gnorm|mfu)(?: is)? {1,8}(?=[-+.\dni])/gi;

/** Fields between bars or tabs may hold a name and a number with nothing between: `loss 9.4 | ppl 400`. */
function addFields(text: string, add: (name: string, value: number, at: number) => void): void {
  let from = 0;
  for (const field of text.split(text.includes('\t') ? /[|\t]/ : '|')) {
    // Most fields have a separator, and are read already.
    const match = field.includes(':') || field.includes('=') ? null : fieldName.exec(field);
    if (match !== null) {
      const found = numberAt(field, match[0].length);
      const rest = found === null ? '' : field.slice(found.end).trim();
      if (found !== null && (rest === '' || rest.startsWith('('))) {
        add(match[1] ?? '', found.value, from + match.index);
      }
    }
    from += field.length + 1;
  }
}

const fieldName = /^ *([A-Za-z_][\w./@-]{0,63}) {1,12}(?=[-+.\dni])/i;

/** An object of settings as Python prints it: `Namespace(lr=0.001, step=5)`, `TrainConfig(…`. */
const settings =
  /(?:Namespace|Config|Configuration|Arguments|Args|Settings|Params|Parameters|Options)\([A-Za-z_]\w*=/;

/** What stands before the first value, where it says that a line is of no training. */
const evaluation =
  /(?<![\w./-])(val|valid|validate|validation|eval|evaluation|evaluating|test|testing|dev)(?![\w./-]|: ?[\d.])/i;

/** The longest of these, and what is looked at behind it. */
const maxEvaluation = 16;

const prefixes = new Map([
  ['evaluation', 'eval'],
  ['evaluating', 'eval'],
  ['validate', 'validation'],
]);

function markedAs(kind: string, values: Map<string, number>): Map<string, number> {
  const prefix = prefixes.get(kind) ?? kind;
  return new Map(
    [...values].map(([name, value]) => [
      /[/]|^(?:val|valid|validation|eval|test|dev)_/i.test(name) ? name : `${prefix}_${name}`,
      value,
    ]),
  );
}
