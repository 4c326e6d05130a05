import type { ProgressBar } from './progress-bar.ts';
import { maxStep } from './values.ts';

/** Which of a log's bars counts the training's steps, as far as it is known. */
export interface BarChoice {
  /** The steps that a trainer has announced; only a bar of this total counts then. */
  announced: number | null;
  followed: { total: number; step: number; proven: boolean } | null;
  /** A bar of another total, seen since the followed one was last seen. */
  rival: { total: number; step: number } | null;
  /** The number that the epoch bars began with. */
  firstEpoch: number | null;
}

export interface TrainingStep {
  step: number;
  totalSteps: number | null;
  epoch: number | null;
  totalEpochs: number | null;
  secondsRemaining: number | null;
  /** The steps began anew. */
  restarted: boolean;
}

/** The choice at the start of a run. */
export function noBar(announced: number | null = null): BarChoice {
  return { announced, followed: null, rival: null, firstEpoch: null };
}

/**
 * What a bar says of the training's steps; null for a bar of something else.
 *
 * A bar counts if it has no description (as that of Hugging Face), or one that speaks of training,
 * steps or an epoch: `Map:`, `Downloading shards:` and `Validation:` never do. Among those, a total
 * that the log has announced decides. Without one, the newest bar is followed until a loss is
 * reported beside it: from then on a bar of another total (evaluation has no description either)
 * is only its rival, and takes its place when a loss is reported beside the rival.
 */
export function followBar(choice: BarChoice, bar: ProgressBar): TrainingStep | null {
  const epoch = epochOf(bar.description);
  if (epoch === null && !speaksOfTraining(bar.description)) return null;
  if (epoch !== null) return followEpoch(choice, bar, epoch);
  if (choice.announced !== null && bar.total !== choice.announced) return null;

  const { followed } = choice;
  const seen = { total: bar.total, step: bar.step };
  if (followed?.proven && followed.total !== bar.total) {
    choice.rival = seen;
    return null;
  }
  choice.followed = { ...seen, proven: followed?.proven ?? false };
  choice.rival = null;
  return {
    step: bar.step,
    totalSteps: bar.total,
    epoch: null,
    totalEpochs: null,
    secondsRemaining: bar.secondsRemaining,
    restarted: followed !== null && bar.step < followed.step,
  };
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

function followEpoch(
  choice: BarChoice,
  bar: ProgressBar,
  { epoch, totalEpochs }: { epoch: number; totalEpochs: number | null },
): TrainingStep | null {
  choice.firstEpoch = Math.min(choice.firstEpoch ?? epoch, epoch);
  const step = (epoch - choice.firstEpoch) * bar.total + bar.step;
  const totalSteps = totalEpochs === null ? null : totalEpochs * bar.total;
  if (Math.max(step, totalSteps ?? 0) > maxStep) return null;
  const restarted = choice.followed !== null && step < choice.followed.step;
  choice.followed = { total: bar.total, step, proven: true };
  choice.rival = null;
  return {
    step,
    totalSteps,
    epoch,
    totalEpochs,
    secondsRemaining: null,
    restarted,
  };
}

function speaksOfTraining(description: string): boolean {
  return description === '' || /^(?:train|training|steps?)\b/i.test(description);
}

/** The epoch of a bar that runs once an epoch, such as `Epoch 3/10`; not that of a validation. */
function epochOf(description: string): { epoch: number; totalEpochs: number | null } | null {
  const found = /\bepoch[ :#[]{0,3}(\d{1,5})(?: ?\/ ?(\d{1,5}))?/i.exec(description);
  if (found === null || /val|test|eval|predict/i.test(description)) return null;
  return { epoch: Number(found[1]), totalEpochs: found[2] === undefined ? null : Number(found[2]) };
}
