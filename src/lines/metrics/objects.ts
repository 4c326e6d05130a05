import { isMeasure } from './names.ts';
import { toNumber } from './number.ts';
import { placeOf } from './place.ts';
import { emptyReading, isStep, maxStep, type Reading } from './reading.ts';

/**
 * Reads an object that ends the line: JSON, or a Python dictionary as Hugging Face's Trainer prints it
 * (`{'loss': 2.31, 'epoch': 0.03}`, its numbers quoted in newer versions). Null where there is none, or
 * where neither it nor what stands before it names a step, an epoch, a loss or a value of `eval_` or
 * `train_`: other programs log objects too.
 */
export function readObject(text: string): Reading | null {
  const object = text.trimEnd();
  if (!object.endsWith('}')) return null;
  const python = object.indexOf("{'");
  const json = object.indexOf('{"');
  const at = json >= 0 && (python < 0 || json < python) ? json : python;
  if (at < 0 || !told.test(object)) return null;
  const entries = at === json ? jsonEntries(object.slice(at)) : pythonEntries(object, at + 1);
  const reading = readingOf(entries);
  if (isStep(reading.reading.epoch ?? -1)) reading.reading.isFraction = fraction.test(object);
  const before = at > 0 ? placeOf(object.slice(0, at)) : null;
  if (before !== null) {
    reading.reading.step ??= before.step;
    reading.reading.epoch ??= before.epoch;
    reading.reading.totalEpochs ??= before.totalEpochs;
  }
  return reading.tells || before !== null ? reading.reading : null;
}

/** The message of a structured log's JSON line, to be read as a line of its own; null where there is none. */
export function messageOf(text: string): string | null {
  if (!/^\s*\{"/.test(text)) return null;
  for (const [name, value] of jsonEntries(text)) {
    if (typeof value === 'string' && /^(?:message|msg|event|text|log)$/.test(name)) return value;
  }
  return null;
}

/** Hugging Face prints epochs with their fraction, or as quoted numbers without trailing zeros. */
const fraction = /["'](?:train\/|current_)?epoch["']\s*:\s*(?:["']|\d+\.\d)/;

const told = /step|epoch|loss|eval_|train_|update/i;
const telling = /loss|^eval_|^train_(?:runtime|samples_|steps_|acc|ppl|perp)/i;
/** Settings that are printed at the start of a run, with a number of epochs and a learning rate among them. */
const setting =
  /batch_size|_per_|accumulation|(?:num|max|warmup|save|eval|logging|total)_(?:train_)?(?:steps|epochs)|^epochs$|seed|vocab|hidden|num_layers|n_layer|max_length|seq_len|block_size|lora_|weight_decay|dropout|num_workers/i;

type Role = 'step' | 'totalSteps' | 'epoch' | 'totalEpochs' | 'measure' | 'none';

const places: Readonly<Record<Exclude<Role, 'measure' | 'none'>, readonly string[]>> = {
  step: ['step', 'global_step', 'train_step', 'trainer/global_step', 'train/global_step', '_step']
    .concat('current_steps', 'current_step', 'iter', 'iteration', 'num_updates')
    .concat('train_num_updates'),
  totalSteps: ['total_steps', 'max_steps', 'total_iters', 'max_iters'],
  epoch: ['epoch', 'train/epoch', 'current_epoch'],
  totalEpochs: ['total_epochs', 'num_epochs'],
};
const placeRoles = new Map<string, Role>([
  ...places.step.map((name): [string, Role] => [name, 'step']),
  ...places.totalSteps.map((name): [string, Role] => [name, 'totalSteps']),
  ...places.epoch.map((name): [string, Role] => [name, 'epoch']),
  ...places.totalEpochs.map((name): [string, Role] => [name, 'totalEpochs']),
]);

interface NameKind {
  role: Role;
  tells: boolean;
  isSetting: boolean;
}

/** Logs repeat few names: each is looked at once. */
const known = new Map<string, NameKind>();
const maxKnown = 1024;

function kindOf(name: string): NameKind {
  let kind = known.get(name);
  if (kind === undefined) {
    const role = placeRoles.get(name.toLowerCase()) ?? (isMeasure(name) ? 'measure' : 'none');
    kind = { role, tells: telling.test(name), isSetting: setting.test(name) };
    if (known.size >= maxKnown) known.clear();
    known.set(name, kind);
  }
  return kind;
}

function readingOf(entries: Iterable<[string, unknown]>): { reading: Reading; tells: boolean } {
  const reading = emptyReading();
  let tells = false;
  let isConfig = false;
  for (const [name, said] of entries) {
    const { role, tells: also, isSetting } = kindOf(name);
    tells ||= also;
    isConfig ||= isSetting;
    if (role === 'none') continue;
    const value = typeof said === 'string' ? toNumber(said.trim()) : said;
    if (name === 'global_step/max_steps' && typeof said === 'string') readShare(reading, said);
    if (typeof value !== 'number') continue;
    if (role === 'measure') {
      if (!reading.values.has(name)) reading.values.set(name, value);
    } else if (role === 'epoch') {
      if (value >= 0 && value <= maxStep * 10) reading.epoch = value;
    } else if (isStep(value) && (role === 'step' || value > 0)) reading[role] = value;
  }
  const isPlaced = reading.step !== null || reading.epoch !== null;
  return { reading, tells: tells || (isPlaced && !isConfig) };
}

/** ms-swift's `'global_step/max_steps': '10/100'`. */
function readShare(reading: Reading, said: string): void {
  const [step = Number.NaN, total = Number.NaN] = said.split('/').map(Number);
  if (isStep(step)) reading.step = step;
  if (isStep(total) && total > 0) reading.totalSteps = total;
}

/** Strings, to pass over, and what Python's JSON says where JSON has no word. */
const pythonNumber = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

function jsonEntries(text: string): [string, unknown][] {
  let object: unknown;
  try {
    object = JSON.parse(text.replaceAll(pythonNumber, (it) => (it[0] === '"' ? it : `"${it}"`)));
  } catch {
    return [];
  }
  return typeof object === 'object' && object !== null ? Object.entries(object) : [];
}

// A number, quoted or not, or one that a library wraps: tensor(0.5, device='cuda:0'), np.float64(0.5).
const entry =
  /\s*'([^']{1,256})'\s*:(?:\s*'([^']*)'|\s*(?:np\.|jnp\.|torch\.)?(?:tensor|array|float\d+|int\d+)\(([-+.\w]+)[^()]*(?:\([^()]*\))?[^()]*\)|\s*\[[^[\]]*\]|([^,'"{}[\]]*))\s*([,}])/iy;

// Most values are bare; this is read much faster.
const bareEntry = /\s*'([^']{1,256})'\s*: ?([-+.\w]{1,40})([,}])/y;

function pythonEntries(text: string, start: number): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (let at = start; ; ) {
    bareEntry.lastIndex = at;
    let found = bareEntry.exec(text);
    if (found !== null) {
      entries.push([found[1] ?? '', found[2]]);
      at = bareEntry.lastIndex;
    } else {
      entry.lastIndex = at;
      found = entry.exec(text);
      if (found === null) return entries;
      entries.push([found[1] ?? '', found[2] ?? found[3] ?? found[4] ?? '']);
      at = entry.lastIndex;
    }
    if (text.charCodeAt(at - 1) === 0x7d) return entries;
  }
}
