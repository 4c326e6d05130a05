import { toNumber } from './number.ts';
import { emptyReading, isStep, type Reading } from './reading.ts';

/** Darknet: ` 100: 2.345678, 3.456789 avg loss, 0.001000 rate, 3.2 seconds, 6400 images`. */
export function readDarknet(text: string): Reading | null {
  const [, iteration, loss, average, rate] = shape.exec(text) ?? [];
  const step = Number(iteration);
  if (iteration === undefined || !isStep(step)) return null;
  const reading = { ...emptyReading(), step };
  for (const [name, said] of [
    ['loss', loss],
    ['avg_loss', average],
    ['rate', rate],
  ] as const) {
    const value = toNumber(said ?? '');
    if (value !== null) reading.values.set(name === 'rate' ? 'learning_rate' : name, value);
  }
  return reading;
}

const shape = /^ ?(\d{1,9}): ([-\w.]{1,24}), ([-\w.]{1,24}) avg(?: loss)?, ([-\w.]{1,24}) rate,/;
