import { z } from 'zod';
import { isMeasureInText } from './names.ts';
import { toNumber } from './number.ts';
import { emptyReading, isStep, type Reading } from './reading.ts';

/** A larger box is read as far as this. */
const maxRows = 48;

/** The rows of a box that is not closed yet, values as they were printed; JSON. */
export const boxShape = z
  .object({
    section: z.string(),
    step: z.number().nullable(),
    values: z.record(z.string(), z.string()),
  })
  .nullable();
export type Box = z.infer<typeof boxShape>;

/**
 * Stable-Baselines, Spinning Up and OpenAI's baselines: a box with a row for each value,
 * `|    ep_rew_mean     | 22.5     |`, below a row for each section, `| rollout/ |  |`. Its values are told
 * at its end, for the step stands among them; those of a box without a step (settings) are not. Null where
 * a line belongs to none.
 */
export function readBox(text: string, box: Box): { reading: Reading | null; box: Box } | null {
  const [, name = '', said = ''] = text.startsWith('|') ? (row.exec(text) ?? []) : [];
  if (name === '') return box === null ? null : { reading: readingOf(box), box: null };
  const now = box ?? { section: '', step: null, values: {} };
  if (said === '') {
    return { reading: null, box: { ...now, section: name.endsWith('/') ? name : '' } };
  }
  const value = toNumber(said);
  if (value === null) return { reading: null, box: now };
  if (counts.test(name) && isStep(value)) return { reading: null, box: { ...now, step: value } };
  const whole = `${now.section}${name}`;
  const isFull = Object.keys(now.values).length >= maxRows;
  if (isFull || !isMeasureInText(whole) || clocks.test(name)) return { reading: null, box: now };
  return { reading: null, box: { ...now, values: { ...now.values, [whole]: said } } };
}

function readingOf({ step, values }: NonNullable<Box>): Reading | null {
  if (step === null) return null;
  const told = Object.entries(values).map(([name, said]) => [name, toNumber(said) ?? 0] as const);
  return { ...emptyReading(), step, values: new Map(told) };
}

const row = /^\| {1,24}([A-Za-z][\w./ -]{0,40}?) {0,40}\| {0,40}([-+.\w]{0,24}) {0,40}\|\s*$/;
const counts = /^(?:time\/|misc\/)?(?:total[ _]timesteps|TotalEnvInteracts|TimestepsSoFar)$/;
const clocks = /(?:^|\/)(?:iterations|n_updates|nupdates|time_elapsed|Time)$/;
