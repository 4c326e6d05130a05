import { z } from 'zod';
import { addPairs } from '../metrics/pairs.ts';
import { emptyReading, type Reading } from '../metrics/reading.ts';

/** Where Keras stands: the epoch that `Epoch 1/3` has announced, and its bar; JSON. */
export const kerasShape = z
  .object({
    epoch: z.number(),
    totalEpochs: z.number(),
    total: z.number().nullable(),
    step: z.number(),
    /** The epoch is over: a bar that begins anew is that of an evaluation. */
    over: z.boolean(),
  })
  .nullable();
export type KerasState = z.infer<typeof kerasShape>;

/**
 * Keras, 2 and 3: `Epoch 1/3`, then `12/100 ━━━━━━━━━━━━ 3s 20ms/step - accuracy: 0.9 - loss: 0.2` or
 * `12/100 [=>......] - ETA: 3s - loss: 0.2`, or one line an epoch, `100/100 - 3s - loss: 0.2`.
 */
export function readKeras(
  text: string,
  state: KerasState,
): { reading: Reading | null; state: KerasState } | null {
  const header = announced.exec(text);
  if (header !== null) {
    const epoch = Number(header[1]);
    const totalEpochs = Number(header[2]);
    const reading = { ...emptyReading(), epoch, totalEpochs, heading: true };
    return { reading, state: { epoch, totalEpochs, total: null, step: 0, over: false } };
  }
  const bar = shape.exec(text);
  if (bar === null) return null;
  const step = Number(bar[1]);
  const total = bar[2] === 'Unknown' ? null : Number(bar[2]);
  const none = { reading: null, state };
  if (total === 0 || (total !== null && step > total)) return none;
  if (state === null) return none;
  if (state.total !== null && total !== state.total) return none;
  if (state.over && step < state.step) return none;
  const after = text.slice(bar[0].length);
  const reading = emptyReading();
  reading.epoch = state.epoch;
  reading.totalEpochs = state.totalEpochs;
  reading.inEpoch = { step, total };
  addPairs(reading.values, after, { tight: false });
  return { reading, state: { ...state, total, step, over: step === total } };
}

const announced = /^\s*Epoch (\d{1,6})\/(\d{1,6})\s*$/;
// The bar of Keras 3 may be empty: blanks, or lines that a colour alone tells from the filled ones.
const shape =
  /^ {0,12}(\d{1,9})\/(\d{1,9}|Unknown)(?: \[[=>.]*\]| [━ ]*(?=\d[\d:]*[smh]* \d+[mu]?s\/step)| (?=- \d+m?s[ /]))/;
