import { nameBefore } from './name-before.ts';
import { isMeasureInText } from './names.ts';
import { numberAt } from './number.ts';
import { placeOf } from './place.ts';
import { emptyReading, type Reading } from './reading.ts';

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
