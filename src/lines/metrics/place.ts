import { toNumber } from './number.ts';
import { emptyReading, isStep, maxStep, type Place } from './reading.ts';

/** A place, and how it was written. */
export interface FoundPlace extends Place {
  /** Written as `step:10`, without a space: so may the other pairs of the line be. */
  tight: boolean;
  /** Where the last of its parts ends. */
  end: number;
}

/**
 * Where in the training a line says that it belongs: `step 10/100`, `iteration   20/   400`,
 * `Epoch [1][2400/7517]`, `epoch 001:  100 / 5000`, `Train: [1/300][10/1251]`, `Epoch [1/5], Step [100/600]`.
 * Null where it names neither a step nor an epoch.
 */
export function placeOf(text: string): FoundPlace | null {
  let found: FoundPlace | null = null;
  let stepRank = 0;
  word.lastIndex = 0;
  for (let match = word.exec(text); match !== null; match = word.exec(text)) {
    // A search for both at once looks behind at each word of the text.
    if (isOfSetting(text, match.index) && match[3] === undefined) {
      word.lastIndex = match.index + 1;
      continue;
    }
    const keyword = match[2] ?? match[3] ?? '';
    const countsSamples = match[1] !== undefined;
    count.lastIndex = word.lastIndex;
    const parts = count.exec(text);
    if (parts === null) continue;
    const [, separator = '', token = '', total] = parts;
    const value = toNumber(token);
    if (value === null) continue;
    found ??= { ...emptyPlace(), tight: false, end: 0 };
    const of = total === undefined ? null : toNumber(total);
    const rank = rankOf(keyword);
    if (rank === 0) {
      if (found.epoch === null && value <= maxStep) {
        found.epoch = value;
        found.totalEpochs = of;
        found.inEpoch = countsSamples ? null : inEpochAt(text, count.lastIndex);
      }
    } else if (rank > stepRank && isStep(value)) {
      stepRank = rank;
      found.step = value;
      found.totalSteps = of !== null && of > 0 && of <= maxStep ? of : null;
      found.tight = separator === ':';
    }
    found.end = Math.max(found.end, count.lastIndex);
    word.lastIndex = Math.max(word.lastIndex, count.lastIndex);
  }
  found ??= espnetPlace(text) ?? bracketedPlace(text);
  if (found === null || (found.step === null && found.epoch === null)) return null;
  return settled(found, stepRank);
}

const maxGap = 12;
// `Train Epoch: 1 [640/60000 (1%)]` counts samples. Each starts at a word's beginning only and repeats within bounds: linear.
const word =
  /(?<![\w.-])(?:(train )|(?:trainer\/)?(?:global|train|training|trainer|current|optimizer)[_ /])?(epoch|ep|num_updates|steps?|iter(?:ation)?s?|updates?|batch)(?:\((?:train|val|test)\))?(?=[ :=#[(\]])|(?<![\w.-])(train):(?= \[?\d)/gi;
/** Behind one of these, a word is the name of a setting or of a total. The longest has 12 letters. */
const setting =
  /\b(?:total|max|num|number of|warmup|every|per|after|of|save|eval|logging|accumulation|remaining|best|skipped|nan|in|for) $/i;
const maxBefore = 14;
const count = new RegExp(
  `(\\]?[ :=#[(]{1,${maxGap}})(\\d{1,3}(?:,\\d{3})+|\\d{1,9}(?:\\.\\d{1,15})?)(?: ?/ {0,${maxGap}}(\\d{1,3}(?:,\\d{3})+|\\d{1,9}))?(?![\\w?&]|[.,:/]\\d)`,
  'y',
);
const inside =
  /(?:\] {0,4}[,-]? {0,4}|: {1,8}| {1,4}|, {0,2})?\[ {0,8}(\d{1,9}) {0,2}\/ {0,8}(\d{1,9})(?= {0,2}[\](])|: {1,12}(\d{1,9}) \/ (\d{1,9})(?= )/y;

function isOfSetting(text: string, at: number): boolean {
  if (text.charCodeAt(at - 1) !== space) return false;
  return setting.test(text.slice(Math.max(0, at - maxBefore), at));
}

const space = 0x20;

function emptyPlace(): Place {
  const { step, totalSteps, epoch, totalEpochs, inEpoch } = emptyReading();
  return { step, totalSteps, epoch, totalEpochs, inEpoch };
}

/** ESPnet: `1epoch:train:1-100batch: loss=45.2`. */
function espnetPlace(text: string): FoundPlace | null {
  if (!text.includes('epoch:')) return null;
  const match = /(?<![\w.-])(\d{1,5})epoch:(?:train|valid):/.exec(text);
  if (match === null) return null;
  return { ...emptyPlace(), epoch: Number(match[1]), tight: false, end: match.index };
}

/** `[0/5][50/1583]` of an epoch and a batch, and Flax's `logging_writer.py:48] [100] loss=2.3`. */
function bracketedPlace(text: string): FoundPlace | null {
  const found = { ...emptyPlace(), tight: false, end: 0 };
  const [, epoch, epochs, batch, batches] = epochAndBatch.exec(text) ?? [];
  if (epoch !== undefined && Number(batches) > 0) {
    const inEpoch = { step: Number(batch), total: Number(batches) };
    return { ...found, epoch: Number(epoch), totalEpochs: Number(epochs), inEpoch };
  }
  const [, step] = afterWriter.exec(text) ?? [];
  return step === undefined ? null : { ...found, step: Number(step) };
}

const epochAndBatch = /^\[ ?(\d{1,6})\/(\d{1,6})\] ?\[ {0,8}(\d{1,9})\/(\d{1,9})\](?=[\s:])/;
const afterWriter = /(?:^|:\d{1,5}\] )\[(\d{1,9})\] (?=[\w/]+=)/;

/** 0 for an epoch; of several counts of steps on a line the one with the highest rank is the step. */
function rankOf(keyword: string): number {
  switch (keyword.toLowerCase()) {
    case 'epoch':
    case 'ep':
    case 'train':
      return 0;
    case 'batch':
      return 1;
    case 'iter':
    case 'iters':
    case 'iteration':
    case 'iterations':
      return 2;
    default:
      return 3;
  }
}

/** Steps of the epoch that stand behind its number, where they are no counts of samples. */
function inEpochAt(text: string, at: number): Place['inEpoch'] {
  inside.lastIndex = at;
  const match = inside.exec(text);
  if (match === null) return null;
  const step = Number(match[1] ?? match[3]);
  const total = Number(match[2] ?? match[4]);
  if (total === 0 || step > total) return null;
  return { step, total };
}

/** Batches, and steps beside an epoch of several, begin anew with each epoch. */
function settled(found: FoundPlace, stepRank: number): FoundPlace {
  if (found.epoch === null) return found;
  if (found.step !== null && (stepRank === 1 || (found.totalEpochs !== null && found.totalSteps))) {
    found.inEpoch = { step: found.step, total: found.totalSteps };
    found.step = null;
    found.totalSteps = null;
  } else if (found.step !== null) {
    found.inEpoch = null;
  }
  return found;
}
