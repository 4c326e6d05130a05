import { z } from 'zod';
import type { JobProgress } from '../core/job.ts';
import { notFinites } from '../core/log.ts';
import { blockShape } from './metrics/block.ts';
import { boxShape } from './metrics/boxed.ts';
import { tableShape } from './metrics/table.ts';
import { kerasShape } from './progress/keras.ts';
import { countingShape, newCounting } from './progress/step-counter.ts';
import { barChoiceShape, noBar } from './progress/training-bar.ts';

/** Names beyond this many are ignored, so that no log can fill the store with series. */
export const maxNames = 64;

/** The step of a run's last loss, where there was none. */
export const noLoss = -1;

/** What a reader of metrics carries from line to line, and over a restart. */
export type MetricsState = z.infer<typeof stateShape>;

/** The state that was written as JSON; a fresh one for null and for what another version has written. */
export function parseState(text: string | null): MetricsState {
  if (text !== null) {
    try {
      return stateShape.parse(JSON.parse(text));
    } catch {
      // Progress starts afresh; the points in the store stay.
    }
  }
  const progress: JobProgress = {
    step: null,
    totalSteps: null,
    epoch: null,
    totalEpochs: null,
    percent: null,
    loss: null,
    lossNotFinite: null,
    learningRate: null,
    secondsRemaining: null,
  };
  return {
    progress,
    names: [],
    bar: noBar(),
    counting: newCounting(),
    keras: null,
    table: null,
    block: null,
    box: null,
    repeatsRound: false,
    ranks: { followed: null, held: null },
    lossStep: noLoss,
    newest: { step: 0, values: {} },
  };
}

const nullable = z.number().nullable();
const progressShape = z.object({
  step: nullable,
  totalSteps: nullable,
  epoch: nullable,
  totalEpochs: nullable,
  percent: nullable,
  loss: nullable,
  lossNotFinite: z.enum(notFinites).nullable(),
  learningRate: nullable,
  secondsRemaining: nullable,
});
const stateShape = z.object({
  progress: progressShape,
  names: z.array(z.string()).max(maxNames),
  bar: barChoiceShape,
  counting: countingShape,
  keras: kerasShape,
  table: tableShape,
  block: blockShape,
  box: boxShape,
  /** The next round of a boosting is one that was printed before. */
  repeatsRound: z.boolean(),
  ranks: z.object({
    followed: nullable,
    /** The first line with values, of a rank that is not 0: it counts once no other rank has told any. */
    held: z
      .object({ rank: z.number(), text: z.string(), time: z.number(), line: z.number() })
      .nullable(),
  }),
  lossStep: z.number(),
  /** The values of the newest step, as text. */
  newest: z.object({ step: z.number(), values: z.record(z.string(), z.string()) }),
});
