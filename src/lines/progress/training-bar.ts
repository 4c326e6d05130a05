import { z } from 'zod';
import { isStep } from '../metrics/reading.ts';
import type { ProgressBar } from './bar.ts';

const nullable = z.number().nullable();
const seen = z.object({ total: nullable, step: z.number() });

/** Which of a log's bars counts the training's steps, as far as it is known; JSON. */
export const barChoiceShape = z.object({
  /** The steps that a trainer has announced; only a bar of this total counts then. */
  announced: nullable,
  followed: seen.extend({ proven: z.boolean() }).nullable(),
  /** A bar of another total, seen since the followed one was last seen. */
  rival: seen.nullable(),
  /** The only description seen that says nothing of what it counts; empty where there were several. */
  only: z.string().max(200).nullable(),
});
export type BarChoice = z.infer<typeof barChoiceShape>;

/** The choice at the start of a run. */
export function noBar(announced: number | null = null): BarChoice {
  return { announced, followed: null, rival: null, only: null };
}

/** What a bar says of the training; null for a bar of something else. */
export interface BarPlace {
  step: number | null;
  /** Undefined where the bar does not say. */
  totalSteps: number | null | undefined;
  epoch: number | null;
  totalEpochs: number | null;
  /** The bar runs once an epoch. */
  inEpoch: { step: number; total: number | null } | null;
  percent: number | null;
  secondsRemaining: number | null;
  /** The steps began anew. */
  restarted: boolean;
  /** What an earlier bar said was not of the training. */
  withdrawn: boolean;
}

/**
 * What a bar says of the training; null for a bar of something else.
 *
 * A bar counts if it has no description (as that of Hugging Face), one that speaks of training, steps or
 * epochs, a loss beside it, or is the only one of its kind: `Map:`, `Downloading shards:` and `Validation:`
 * never do. Among those, a total that the log has announced decides. Without one, the newest bar is
 * followed until a loss is reported beside it: from then on a bar of another total (evaluation has no
 * description either) is only its rival, and takes its place when a loss is reported beside the rival.
 */
export function followBar(
  choice: BarChoice,
  bar: ProgressBar,
  { withLoss }: { withLoss: boolean },
): BarPlace | null {
  const { description } = bar;
  if (description !== '' && notTraining.test(description)) return null;
  const place = placeOf(bar);
  const epoch = epochOf(description);
  if (epoch !== null && bar.step !== null) return followEpoch(choice, bar, epoch);
  const torchtune = epochAndStep.exec(description);
  if (torchtune !== null) return followTorchtune(choice, bar, torchtune);
  if (/^epochs?$/i.test(description) && bar.step !== null) {
    return { ...place, step: null, totalSteps: undefined, epoch: bar.step, totalEpochs: bar.total };
  }
  const withdrawn = !withLoss && !speaksOfTraining(description) && isOneOfSeveral(choice, bar);
  if (withdrawn) return withdraw(choice, place);
  if (choice.announced !== null && bar.total !== choice.announced) return null;
  return followSteps(choice, bar, place);
}

/** Says that a training loss was reported now: the bar last seen is the training's. True where that is another one than before. */
export function confirmBar(choice: BarChoice): boolean {
  const { rival } = choice;
  if (rival !== null) {
    choice.followed = { ...rival, proven: true };
    choice.rival = null;
    return true;
  }
  if (choice.followed !== null) choice.followed.proven = true;
  return false;
}

function placeOf(bar: ProgressBar): BarPlace {
  const { step, total, percent, secondsRemaining } = bar;
  return {
    step,
    totalSteps: total,
    epoch: null,
    totalEpochs: null,
    inEpoch: null,
    percent,
    secondsRemaining,
    restarted: false,
    withdrawn: false,
  };
}

function followSteps(choice: BarChoice, bar: ProgressBar, place: BarPlace): BarPlace | null {
  if (bar.step === null) return place.percent === null ? null : { ...place, totalSteps: undefined };
  const { followed } = choice;
  const now = { total: bar.total, step: bar.step };
  if (followed?.proven && followed.total !== bar.total) {
    choice.rival = now;
    return null;
  }
  choice.followed = { ...now, proven: followed?.proven ?? false };
  choice.rival = null;
  return { ...place, restarted: followed !== null && bar.step < followed.step };
}

function followEpoch(
  choice: BarChoice,
  bar: ProgressBar,
  { epoch, totalEpochs }: { epoch: number; totalEpochs: number | null },
): BarPlace {
  const inEpoch = { step: bar.step ?? 0, total: bar.total };
  choice.rival = null;
  const place = { ...placeOf(bar), step: null, totalSteps: null, secondsRemaining: null };
  return { ...place, epoch, totalEpochs, inEpoch };
}

/** `2|150|Loss: 0.9` is the epoch, and the step of the whole training; the bar's total is that of an epoch. */
function followTorchtune(
  choice: BarChoice,
  bar: ProgressBar,
  [, epochText, stepText]: RegExpExecArray,
): BarPlace | null {
  const epoch = Number(epochText);
  const step = Number(stepText);
  if (!isStep(step)) return null;
  const restarted = choice.followed !== null && step < choice.followed.step;
  choice.followed = { total: bar.total, step, proven: true };
  choice.rival = null;
  const totalSteps = epoch === 1 && bar.total !== null && step <= bar.total ? bar.total : null;
  return { ...placeOf(bar), step, totalSteps, epoch, secondsRemaining: null, restarted };
}

/** True for a description that says nothing of what it counts, where it is not the only such one. */
function isOneOfSeveral(choice: BarChoice, bar: ProgressBar): boolean {
  const description = bar.description.slice(0, 200);
  if (choice.only === null && choice.followed === null) choice.only = description;
  return choice.only !== description;
}

function withdraw(choice: BarChoice, place: BarPlace): BarPlace | null {
  const wasFollowed = choice.only !== null && choice.only !== '' && !choice.followed?.proven;
  choice.only = '';
  if (!wasFollowed) return null;
  choice.followed = null;
  return { ...place, step: null, totalSteps: null, percent: null, withdrawn: true };
}

function speaksOfTraining(description: string): boolean {
  return description === '' || ofTraining.test(description);
}

const ofTraining =
  /^(?:\W{0,3})(?:train|training|steps?|iters?|iterations?|fine-?tun\w+|global steps?)\b/i;
/** What people's bars count besides the training. */
const notTraining =
  /\b(?:val|valid|validation|validating|eval|evaluat\w+|test|testing|predict\w*|inference|sanity|download\w*|fetch\w*|upload\w*|map|filter\w*|tokeniz\w*|tokeniser|tokenizer|generat\w+|load\w*|sav\w+|resolv\w+|extract\w*|preprocess\w*|process\w*|prepar\w+|pack\w+|convert\w*|writ\w+|read\w*|cach\w+|scann\w*|comput\w+|creat\w+|build\w*|quantiz\w+|compress\w*|collat\w+|shard\w*|export\w*|embed\w*|encod\w+|index\w*|plot\w*|calculat\w+|truncat\w+|adding|applying|casting|flatten\w*|group\w*|import\w*|initiali\w+|merg\w+|calibrat\w+|warm(?:ing)?[ -]?up|copy\w*|unpack\w*|sampling|captur\w+|dropp\w+|dedup\w*|collect\w*|gather\w*|compil\w+|split\w*|shuffl\w+|sort\w*|count\w+|check\w*|verif\w+|hash\w*|install\w*|rollouts?|images?|class)\b|\.(?:safetensors|bin|json|parquet|arrow|txt|zip|tar|gz|pt|model)\b/i;

/** The epoch of a bar that runs once an epoch, such as `Epoch 3/10`. */
function epochOf(description: string): { epoch: number; totalEpochs: number | null } | null {
  if (description === '') return null;
  const found = /\bepoch[ :#[]{0,8}(\d{1,5})(?: ?\/ ?(\d{1,5}))?/i.exec(description);
  if (found === null) return null;
  return { epoch: Number(found[1]), totalEpochs: found[2] === undefined ? null : Number(found[2]) };
}

const epochAndStep = /^(\d{1,5})\|(\d{1,9})\|/;
