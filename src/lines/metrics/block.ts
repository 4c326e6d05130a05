import { z } from 'zod';
import { blockHeading } from './block-headings.ts';
import { addPairs } from './pairs.ts';
import { emptyReading, type Reading } from './reading.ts';

const nullable = z.number().nullable();

/** The place that a heading has named, for the indented lines under it; JSON. */
export const blockShape = z
  .object({
    step: nullable,
    totalSteps: nullable,
    epoch: nullable,
    totalEpochs: nullable,
    evaluation: z.boolean(),
    /** No line of it has come yet: an empty one may stand under the heading. */
    isNew: z.boolean(),
  })
  .nullable();
export type Block = z.infer<typeof blockShape>;

/**
 * A heading, then a line for each value, indented: `Train loss/train/total: 12.1`,
 * `train/CrossEntropyLoss=10.5`, Coqui's `| > loss: 3.21  (3.45)`, rsl_rl's `Mean reward: 12.34`, Orbit's
 * `{'training_loss': 1.23,`. Null where a line belongs to none.
 */
export function readBlock(
  text: string,
  block: Block,
): { reading: Reading | null; block: Block } | null {
  const heading = blockHeading(text);
  if (heading !== null) {
    const { place, evaluation } = heading;
    return { reading: null, block: { ...place, evaluation, isNew: true } };
  }
  if (block === null) return null;
  const { isNew, evaluation, ...place } = block;
  if (isNew && text.trim() === '') return { reading: null, block: { ...block, isNew: false } };
  const reading = { ...emptyReading(), ...place, evaluation };
  const [, name, said] = quoted.exec(text) ?? [];
  const [whole] = indent.exec(text) ?? [];
  if (name !== undefined) addPairs(reading.values, `${name}=${said}`, { tight: true });
  else if (whole !== undefined)
    addPairs(reading.values, text.slice(whole.length), { tight: false });
  else if (!other.test(text)) return { reading: null, block: null };
  return { reading, block: { ...block, isNew: false } };
}

const indent =
  /^(?: {2,}|\t ?)(?:\| > |Train |Eval |(?=Mean ))?(?=[\w/.]+(?:: |=)|Mean [\w ]{1,40}: )/;
const quoted = /^ {4,8}\{?'([\w/]{1,64})': ([-+.\w]{1,24})[,}]\s*$/;
/** A line of rsl_rl's between those of measures. */
const other = /^ {2,}Computation: /;
