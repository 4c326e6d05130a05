import { z } from 'zod';
import { addPairs } from './pairs.ts';
import { placeOf } from './place.ts';
import { emptyReading, type Reading } from './reading.ts';

const nullable = z.number().nullable();

/** The place that a heading has named, for the indented lines under it; JSON. */
export const blockShape = z
  .object({ step: nullable, totalSteps: nullable, epoch: nullable, totalEpochs: nullable })
  .nullable();
export type Block = z.infer<typeof blockShape>;

/**
 * Composer and OLMo: a heading such as `[batch=1/4800]:` or `[step=10/1000,epoch=0]`, then a line for each
 * value, indented: `Train loss/train/total: 12.1`, `train/CrossEntropyLoss=10.5`. Null where a line belongs to none.
 */
export function readBlock(
  text: string,
  block: Block,
): { reading: Reading | null; block: Block } | null {
  const [, inside] = endsAsHeading(text) ? (heading.exec(text) ?? []) : [];
  if (inside !== undefined) {
    const place = placeOf(inside.replaceAll('][', ' '));
    if (place === null) return null;
    const step = place.step ?? place.inEpoch?.step ?? null;
    const totalSteps = place.totalSteps ?? place.inEpoch?.total ?? null;
    const { epoch, totalEpochs } = place;
    return { reading: null, block: { step, totalSteps, epoch, totalEpochs } };
  }
  if (block === null) return null;
  const [whole] = indent.exec(text) ?? [];
  if (whole === undefined) return { reading: null, block: null };
  const reading = { ...emptyReading(), ...block };
  addPairs(reading.values, text.slice(whole.length), { tight: false });
  return { reading, block };
}

/** Most lines do not, and need not be searched. */
function endsAsHeading(text: string): boolean {
  const line = text.trimEnd();
  return line.endsWith(']') || line.endsWith(']:');
}

const heading = /\[((?:(?:epoch|batch|step)=\d+(?:\/\d+)?(?:,|\]\[)?){1,3})\]:?\s*$/;
const indent = /^(?: {2,}|\t ?)(?:Train |Eval )?(?=[\w/.]+(?:: |=))/;
