/** A larger number is no step: GraphQL's Int ends not far above. */
export const maxStep = 999_999_999;

export function isStep(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxStep;
}

/** The numbers that one line names, and where in the training they belong. */
export interface NamedValues {
  step: number | null;
  totalSteps: number | null;
  epoch: number | null;
  totalEpochs: number | null;
  /** In the line's order, NaN and infinities too; what is no measure (step, epoch, clocks, ids) is left out. */
  values: Map<string, number>;
}

/**
 * Reads an object that ends the text: JSON, or a Python dictionary as Hugging Face's Trainer prints
 * it (`{'loss': 2.31, 'epoch': 0.03}`, its numbers quoted in newer versions). Null where there is
 * none, or where it names neither a step, an epoch, a loss nor a value of `eval_` or `train_`:
 * other programs log objects too. A Python value that is no number or string ends the reading.
 */
export function parseObject(text: string): NamedValues | null {
  const object = text.trimEnd();
  if (!object.endsWith('}') || !/step|epoch|loss|eval_|train_/i.test(object)) return null;
  const python = object.indexOf("{'");
  const json = object.indexOf('{"');
  if (json >= 0 && (python < 0 || json < python)) return named(jsonEntries(object.slice(json)));
  return python >= 0 ? named(pythonEntries(object, python + 1)) : null;
}

/**
 * Reads `step=10 loss=0.5`, `Epoch 3/10 - val_loss: 0.5`, `step 250: train loss 2.1`: pairs on a
 * line that has a step or an epoch with a number. Null for a line that has neither.
 */
export function parsePairs(text: string): NamedValues | null {
  const found: NamedValues = none();
  for (const [, word, number, total] of text.matchAll(place)) {
    placeValue(found, word ?? '', Number(number), total === undefined ? null : Number(total));
  }
  if (found.step === null && found.epoch === null) return null;
  addPairs(found.values, text);
  return found;
}

/** The pairs of a text that needs no step of its own, such as a progress bar's postfix. */
export function addPairs(values: Map<string, number>, text: string): void {
  for (const [, qualifier, word = '', separator, token = ''] of text.matchAll(pair)) {
    if (separator === ' ' && !spoken.test(word)) continue;
    if (separator === ':' && !measure.test(word)) continue; // host:8080, python:3.12
    addValue(values, qualifier === undefined ? word : `${qualifier}_${word}`, toNumber(token));
  }
}

// Each of these starts at a word's beginning only and repeats within bounds: linear.
const place =
  /(?<![\w/.-])(?:global_|train_|trainer\/)?(step|epoch|iter(?:ation)?)[ :=#[(]{1,8}(\d{1,9}(?:\.\d{1,15})?)(?: ?\/ ?(\d{1,9}))?(?![\w.])/gi;
const pair =
  /(?<![\w./@-])(?:(train|training|val|valid|validation|eval|test) )?([A-Za-z_][\w./@-]{0,63})( {0,8}= {0,8}| {0,8}: {1,8}|[: ])([-+.\d][\w.+-]{0,31})%?(?=[\s,;|)\]}]|$)/gi;
/** Named so, a number may follow after a mere space. */
const spoken = /^(?:loss|acc|accuracy|lr|ppl|perplexity)$/i;
/** Named so, a number may follow a colon without a space. */
const measure = /loss|acc|lr|rate|ppl|perplexity|norm|reward/i;

const sane = /^[A-Za-z_][\w ./:@%()-]{0,63}$/;
const places = /^(?:global_|train_|trainer\/)?(?:(?<step>step|iter|iteration)|(?<epoch>epoch))$/i;
const noMeasure =
  /^(?:time|timestamp|ts|elapsed|eta|level|pid|rank|local_rank|port|lineno|seed|v_num)$|_(?:runtime|time|timestamp)$/i;

function none(): NamedValues {
  return { step: null, totalSteps: null, epoch: null, totalEpochs: null, values: new Map() };
}

function named(entries: Iterable<[string, number | null]>): NamedValues | null {
  const found = none();
  let told = false;
  for (const [name, value] of entries) {
    told ||= /loss|^eval_|^train_/i.test(name);
    const word = places.exec(name)?.groups;
    if (word === undefined) addValue(found.values, name, value);
    else if (value !== null) placeValue(found, word.epoch ?? word.step ?? '', value, null);
  }
  return told || found.step !== null || found.epoch !== null ? found : null;
}

function placeValue(found: NamedValues, word: string, value: number, total: number | null): void {
  if (/^epoch$/i.test(word)) {
    found.epoch = value;
    found.totalEpochs = total;
  } else if (isStep(value)) {
    found.step = value;
    found.totalSteps = total;
  }
}

function addValue(values: Map<string, number>, name: string, value: number | null): void {
  if (value === null || !sane.test(name) || places.test(name) || noMeasure.test(name)) return;
  if (!values.has(name)) values.set(name, value);
}

/** Strings, to pass over, and what Python's JSON says where JSON has no word. */
const pythonNumber = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

function* jsonEntries(text: string): Generator<[string, number | null]> {
  let object: unknown;
  try {
    object = JSON.parse(text.replaceAll(pythonNumber, (it) => (it[0] === '"' ? it : `"${it}"`)));
  } catch {
    return;
  }
  if (typeof object !== 'object' || object === null) return;
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === 'number') yield [name, value];
    else if (typeof value === 'string') yield [name, toNumber(value)];
  }
}

function* pythonEntries(text: string, at: number): Generator<[string, number | null]> {
  const entry = /\s*'([^']{1,256})'\s*:(?:\s*'([^']*)'|([^,'"{}[\]]*))([,}])/y;
  entry.lastIndex = at;
  for (let found = entry.exec(text); found !== null; found = entry.exec(text)) {
    const [, name = '', quoted, bare, end] = found;
    yield [name, toNumber((quoted ?? bare ?? '').trim())];
    if (end === '}') return;
  }
}

/** A decimal number, NaN or an infinity as frameworks write them; null for whatever else. */
function toNumber(token: string): number | null {
  if (/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(token)) return Number(token);
  if (/^[-+]?nan$/i.test(token)) return Number.NaN;
  if (!/^[-+]?inf(?:inity)?$/i.test(token)) return null;
  return token.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
