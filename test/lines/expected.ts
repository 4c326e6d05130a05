import { z } from 'zod';
import { logLevels } from '../../src/core/log.ts';

const texts = z.array(z.string());
const number = z.number().nullable();
const filter = z.strictObject({
  contains: z.string().optional(),
  regex: z.string().optional(),
  minLevel: z.enum(logLevels).optional(),
});

/** What a recorded log must tell. Strict: a misspelt expectation would be none. */
export const expectedShape = z.strictObject({
  /** Which kind of fault the case stands for. */
  about: z.string(),
  /** How the process failed; absent where it did not. */
  end: z
    .strictObject({ exitCode: number.default(null), signal: z.string().nullable().default(null) })
    .optional(),
  /** Up to which byte the output had come after so many milliseconds; absent where it came at once. */
  times: z.array(z.tuple([z.number(), z.number()])).optional(),
  progress: z.record(z.string(), number).optional(),
  /** Points as step and value; several names, cut by `|`, are choices. */
  metrics: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))).optional(),
  noMetrics: texts.optional(),
  lines: z
    .strictObject({
      count: z.number().optional(),
      atMost: z.number().optional(),
      exact: texts.optional(),
      contain: z.record(z.string(), z.number()).optional(),
      lacking: texts.optional(),
    })
    .optional(),
  /** The levels of the first lines that contain these texts. */
  entries: z
    .array(z.strictObject({ contains: z.string(), level: z.enum(logLevels).nullable() }))
    .optional(),
  failure: z
    .strictObject({
      /** Parts of the message, in any case. */
      message: texts.optional(),
      messageLacks: texts.optional(),
      /** A part of the line where the failure begins; null where no line tells it. */
      at: z.string().nullable().optional(),
      /** Parts of lines of the excerpt. */
      excerpt: texts.optional(),
    })
    .optional(),
  filters: z
    .array(z.strictObject({ filter, lines: texts.optional(), count: z.number().optional() }))
    .optional(),
  /** What the terminal client prints. */
  cli: z.strictObject({ contain: texts.optional(), lacking: texts.optional() }).optional(),
});

export type Expected = z.infer<typeof expectedShape>;
