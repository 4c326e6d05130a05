import { z } from 'zod';
import { TrainyardError } from '../../core/errors.ts';
import { executeShape } from '../jobs/execute-request.ts';

const wholeNumber = z
  .string()
  .regex(/^-?\d{1,15}$/, 'a whole number')
  .transform(Number);

const maxLimit = 5000;
const limits = {
  strict: wholeNumber.pipe(z.number().min(1).max(maxLimit)),
  lenient: wholeNumber.pipe(z.number().min(1)).transform((limit) => Math.min(limit, maxLimit)),
};

const logQueryShape = (handling: keyof typeof limits) =>
  z.object({ limit: limits[handling].default(100), offset: wholeNumber.default(0) });
const streamQueryShape = z.object({ offset: wholeNumber.default(0) });
const jobsQueryShape = (handling: keyof typeof limits) =>
  z.object({ limit: limits[handling].default(1000) });
const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((word) => word === 'true' || word === '1');
/** The most files of one list of outputs. */
const maxOutputs = 10_000;
const outputsQueryShape = z.object({
  limit: wholeNumber
    .pipe(z.number().min(1))
    .transform((limit) => Math.min(limit, maxOutputs))
    .default(maxOutputs),
  after: z.string().optional(),
});
const cancelQueryShape = z.object({ force: flag.default(false) });

export const parseExecute = (body: unknown) => parse(executeShape, body);
/**
 * The query of a log page. A limit is a whole number from 1 on. Above 5000 it counts as 5000, because
 * clients of the contract ask for more; with `strict` handling it is refused instead.
 */
export const parseLogQuery = (query: unknown, handling: keyof typeof limits) =>
  parse(logQueryShape(handling), query);
export const parseStreamQuery = (query: unknown) => parse(streamQueryShape, query);
/** The query of the list of jobs. Its limit is as in `parseLogQuery`. */
export const parseJobsQuery = (query: unknown, handling: keyof typeof limits) =>
  parse(jobsQueryShape(handling), query);
/** The query of a list of outputs. A limit above 10,000 counts as 10,000. */
export const parseOutputsQuery = (query: unknown) => parse(outputsQueryShape, query);
export const parseCancelQuery = (query: unknown) => parse(cancelQueryShape, query);

/** The `Last-Event-ID` of a stream, which is the number of the next line. */
export function parseLastEventId(value: string): number {
  return parse(wholeNumber.pipe(z.number().min(0)), value, 'Last-Event-ID');
}

function parse<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  name = 'body',
): z.output<Shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join('.') || name;
  throw new TrainyardError('BAD_USER_INPUT', `${where}: ${issue?.message ?? 'not understood'}`);
}
