import { addPairs } from './pairs.ts';
import { emptyReading, type Reading } from './reading.ts';

/**
 * What PyTorch's tutorials print: `loss: 2.303  [   64/60000]`, which counts samples, `[1,  2000] loss: 2.173`
 * with an epoch and a batch, and the heading `Epoch 1`.
 */
export function readPytorchTutorial(text: string): Reading | null {
  const heading = /^Epoch (\d{1,6}):?\s*$/.exec(text);
  if (heading !== null) return { ...emptyReading(), epoch: Number(heading[1]), heading: true };
  const [, samples, epoch] = shape.exec(text) ?? [];
  if (samples === undefined && epoch === undefined) return null;
  const reading = emptyReading();
  if (epoch !== undefined) reading.epoch = Number(epoch);
  addPairs(reading.values, text, { tight: false });
  return reading;
}

const shape =
  /^(loss): [-\w.]{1,24} {1,4}\[ {0,8}\d{1,9}\/\d{1,9}\]\s*$|^\[(\d{1,6}), {1,8}\d{1,9}\] loss: /;
