import { z } from 'zod';
import { TrainyardError } from '../../core/errors.ts';

/** A text that is not empty, of at most `most` UTF-16 units, which every program can be passed. */
export function plainText(most: number) {
  return anyText(most).min(1, 'is empty');
}

/** What people may say of a job. */
export const labels = {
  name: plainText(200),
  note: anyText(4000),
  tags: z
    .array(
      plainText(50).refine((tag) => !/[\s,]/.test(tag), 'holds a space or a comma, as no tag may'),
    )
    .max(20, 'has over 20 tags')
    .transform((tags) => [...new Set(tags)]),
};

/** What a caller gave, checked. Throws `BAD_USER_INPUT`, which names the field of `input`. */
export function checkInput<Checked>(schema: z.ZodType<Checked>, input: unknown): Checked {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TrainyardError('BAD_USER_INPUT', `input.${issue?.path.join('.')} ${issue?.message}.`);
}

function anyText(most: number) {
  return (
    z
      .string()
      .trim()
      .max(most, `is over ${most} characters`)
      .refine((given) => !given.includes('\0'), 'holds a NUL, which cannot be passed to a program')
      // UTF-8 has no code for it, so two different texts would be stored and sent as the same one.
      .refine(
        (given) => given.isWellFormed(),
        'holds half of a surrogate pair, which is not valid text',
      )
  );
}
