import { z } from 'zod';
import { maxStep, type Place } from '../metrics/reading.ts';

const nullable = z.number().nullable();

/** What is known of how a log counts its epochs and the steps in them; JSON. */
export const countingShape = z.object({
  /** The number that the epochs began with. */
  firstEpoch: nullable,
  /** The place of the newest line that told both an epoch and steps. */
  last: z.object({ epoch: z.number(), step: z.number(), total: nullable }).nullable(),
  /** Steps printed beside an epoch have begun anew with a new one. */
  beginsAnew: z.boolean(),
});
export type Counting = z.infer<typeof countingShape>;

/** The counting at the start of a log. */
export function newCounting(): Counting {
  return { firstEpoch: null, last: null, beginsAnew: false };
}

/** A place in the whole training. */
export interface CountedPlace {
  step: number | null;
  /** Null where it is known not to be known; undefined where the line says nothing of it. */
  totalSteps: number | null | undefined;
  epoch: number | null;
  totalEpochs: number | null;
}

/**
 * Where in the whole training a printed place is. Steps that begin anew with each epoch are counted on:
 * 100 of 200 in epoch 2 is step 300. Where the steps of an epoch or the first epoch's number are not
 * known, there is no step. Whole epochs count from 0 where 0 was seen, else from 1.
 */
export function countSteps(counting: Counting, place: Place): CountedPlace {
  const { epoch, totalEpochs } = place;
  const whole = epoch !== null && Number.isInteger(epoch) && !place.isFraction;
  if (whole) counting.firstEpoch = Math.min(counting.firstEpoch ?? epoch, epoch);
  const inEpoch = whole ? (place.inEpoch ?? restarted(counting, place, epoch)) : null;
  if (inEpoch === null || !whole) {
    const totalSteps = place.step === null ? undefined : (place.totalSteps ?? undefined);
    return { step: place.step, totalSteps, epoch, totalEpochs };
  }
  const before = epoch - (counting.firstEpoch === 0 ? 0 : 1);
  const known = inEpoch.total !== null || before === 0;
  const step = known ? before * (inEpoch.total ?? 0) + inEpoch.step : null;
  // Epochs from 0: whether "of 9" counts the first one is not known.
  const totalSteps =
    totalEpochs !== null && inEpoch.total !== null && counting.firstEpoch !== 0
      ? totalEpochs * inEpoch.total
      : null;
  if (Math.max(step ?? 0, totalSteps ?? 0) > maxStep) {
    return { step: null, totalSteps: null, epoch, totalEpochs };
  }
  return { step, totalSteps, epoch, totalEpochs };
}

/** Steps printed beside an epoch, once they are known to begin anew with each. */
function restarted(counting: Counting, place: Place, epoch: number): Place['inEpoch'] {
  if (place.step === null || place.totalSteps === null) return null;
  const { last } = counting;
  if (
    last !== null &&
    epoch > last.epoch &&
    place.step < last.step &&
    last.total === place.totalSteps
  ) {
    counting.beginsAnew = true;
  }
  counting.last = { epoch, step: place.step, total: place.totalSteps };
  return counting.beginsAnew ? { step: place.step, total: place.totalSteps } : null;
}
