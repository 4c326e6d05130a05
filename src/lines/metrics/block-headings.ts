import { placeOf } from './place.ts';
import type { Place } from './reading.ts';

/** A heading that places the lines under it, and how those look. */
export interface BlockHeading {
  place: Pick<Place, 'step' | 'totalSteps' | 'epoch' | 'totalEpochs'>;
  evaluation: boolean;
}

/** The heading of a block, as one of several frameworks prints it; null for any other line. */
export function blockHeading(text: string): BlockHeading | null {
  return composer(text) ?? coqui(text) ?? rslRl(text) ?? orbit(text);
}

/** Composer and OLMo: `[batch=1/4800]:`, `[step=10/1000,epoch=0]`. */
function composer(text: string): BlockHeading | null {
  const line = text.trimEnd();
  // Most lines end otherwise, and need not be searched.
  if (!line.endsWith(']') && !line.endsWith(']:')) return null;
  const [, inside] = bracketed.exec(text) ?? [];
  const place = inside === undefined ? null : placeOf(inside.replaceAll('][', ' '));
  if (place === null) return null;
  const { epoch, totalEpochs, inEpoch } = place;
  const step = place.step ?? inEpoch?.step ?? null;
  const totalSteps = place.totalSteps ?? inEpoch?.total ?? null;
  return { place: { step, totalSteps, epoch, totalEpochs }, evaluation: false };
}

/** Coqui's Trainer: `   --> TIME: 2025-03-01 10:11:12 -- STEP: 24/400 -- GLOBAL_STEP: 25`. */
function coqui(text: string): BlockHeading | null {
  if (!text.includes('-- GLOBAL_STEP: ')) return null;
  return at(/-- STEP: \d{1,9}\/\d{1,9} -- GLOBAL_STEP: (\d{1,9})\s*$/.exec(text));
}

/** rsl_rl, in the middle of its line: `Learning iteration 10/1500`. */
function rslRl(text: string): BlockHeading | null {
  if (!text.includes('Learning iteration ')) return null;
  return at(/^\s*Learning iteration (\d{1,9})\/(\d{1,9})\s*$/.exec(text));
}

/** TensorFlow's Orbit: `train | step:   1000 | steps/sec:   12.3 | output: `, its values under it. */
function orbit(text: string): BlockHeading | null {
  if (!text.includes('| output:')) return null;
  const match = /^ ?(?:train|(eval)) \| step: {1,9}(\d{1,9}) \|[^|]{1,40}\| output:\s*$/.exec(text);
  if (match === null) return null;
  return { place: placed(Number(match[2]), null), evaluation: match[1] !== undefined };
}

function at(match: RegExpExecArray | null): BlockHeading | null {
  if (match === null) return null;
  const total = match[2] === undefined ? null : Number(match[2]);
  return { place: placed(Number(match[1]), total), evaluation: false };
}

function placed(step: number, totalSteps: number | null): BlockHeading['place'] {
  return { step, totalSteps, epoch: null, totalEpochs: null };
}

const bracketed = /\[((?:(?:epoch|batch|step)=\d+(?:\/\d+)?(?:,|\]\[)?){1,3})\]:?\s*$/;
