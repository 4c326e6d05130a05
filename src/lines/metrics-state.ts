import { z } from 'zod';
import type { JobProgress } from '../core/job.ts';
import { notFinites } from '../core/log.ts';
import { noBar } from './training-bar.ts';

/** Names beyond this many are ignored, so that no log can fill the store with series. */
export const maxNames = 64;

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
  return { progress, names: [], bar: noBar(), lossStep: 0 };
}

const nullable = z.number().nullable();
const progressShape = z.object({
  step: nullable,
  totalSteps: nullable,
  epoch: nullable,
  totalEpochs: nullable,
  percent: nullable,
  loss: nullable,
  lossNotFinite: z.enum(notFinites).nullable().default(null),
  learningRate: nullable,
  secondsRemaining: nullable,
});
const counts = z.object({ total: z.number(), step: z.number() });
const stateShape = z.object({
  progress: progressShape,
  names: z.array(z.string()).max(maxNames),
  bar: z.object({
    announced: nullable,
    followed: counts.extend({ proven: z.boolean() }).nullable(),
    rival: counts.nullable(),
    firstEpoch: nullable,
  }),
  lossStep: z.number(),
});
