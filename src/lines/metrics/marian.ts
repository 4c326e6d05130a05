import { toNumber } from './number.ts';
import { emptyReading, isStep, type Reading } from './reading.ts';

/** Marian: `Ep. 1 : Up. 100 : Sen. 1,234 : Cost 9.12 * 1,234 : … : gNorm 1.2 : L.r. 3.0e-04`. */
export function readMarian(text: string): Reading | null {
  const [, epoch, updates] = place.exec(text) ?? [];
  const step = toNumber(updates ?? '');
  if (step === null || !isStep(step)) return null;
  const reading = { ...emptyReading(), step, epoch: Number(epoch) };
  for (const [, name = '', said = ''] of text.matchAll(field)) {
    const value = toNumber(said);
    if (value !== null) reading.values.set(name === 'L.r.' ? 'learning_rate' : name, value);
  }
  return reading;
}

const place = /\bEp\. (\d{1,6}) : Up\. ([\d,]{1,14}) :/;
const field = / : (Cost|gNorm|L\.r\.) ([-+.\w]{1,24})/g;
