import { addPairs } from './pairs.ts';
import { emptyReading, isStep, type Reading } from './reading.ts';

/**
 * A round of XGBoost (`[25]\ttrain-rmse:1.25`), LightGBM (`[25]\tvalid_1's auc: 0.9`) or CatBoost
 * (`25:\tlearn: 0.68\ttest: 0.69\ttotal: 50ms`); null for any other line.
 */
export function readBoosting(text: string): Reading | null {
  const [whole, bracketed, plain] = round.exec(text) ?? [];
  if (whole === undefined) return null;
  const step = Number(bracketed ?? plain);
  // Before a line that names its step itself, the number is that of a process.
  if (!isStep(step) || ownPlace.test(text)) return null;
  const reading = { ...emptyReading(), step };
  addPairs(reading.values, text.slice(whole.length - 1), { tight: true });
  return reading.values.size === 0 ? null : reading;
}

/** True for the line after which LightGBM prints an earlier round once more. */
export function announcesBestRound(text: string): boolean {
  return text.includes('est iteration is');
}

const round =
  /^(?:\[\d\d:\d\d:\d\d\] )?(?:\[(\d{1,9})\]\s+(?=[^\s:[\]]+(?: [\w@-]+)?:)|(\d{1,9}):\t(?=(?:learn|test): ))/;
const ownPlace = /\b(?:step|epoch|iter(?:ation)?)\b/i;
