import { addPairs } from './pairs.ts';
import { emptyReading, type Reading } from './reading.ts';

/**
 * Hugging Face's examples for Flax: `Step... (500 | Loss: 3.2, Learning Rate: 0.0003)`, `Epoch... (1/3 | …)`,
 * `Epoch ... (1/3)`, and `Step... (500 | Eval Loss: 3.1, …)` of an evaluation. Null for any other line.
 */
export function readFlaxExamples(text: string): Reading | null {
  const [, kind, count, total, said] = shape.exec(text) ?? [];
  if (kind === undefined) return null;
  const reading = emptyReading();
  if (kind === 'Step') reading.step = Number(count);
  else reading.epoch = Number(count);
  if (total !== undefined) {
    if (kind === 'Step') reading.totalSteps = Number(total);
    else reading.totalEpochs = Number(total);
  }
  if (said === undefined) return { ...reading, heading: true };
  addPairs(reading.values, said, { tight: false });
  reading.evaluation = /^(?:eval|val)/i.test(said);
  return reading;
}

const shape =
  /^\s{0,4}(Step|Epoch) ?\.{3} ?\((\d{1,9})(?:\/(\d{1,9}))?(?: \| ([^()]{1,400}))?\)\s*$/;
