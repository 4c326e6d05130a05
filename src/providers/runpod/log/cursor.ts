import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';

const shape = z.object({
  /** The newest event that was read: its id, opaque, and its time. Null before the first. */
  newest: z
    .object({
      id: z.string(),
      ts: z.string(),
      /** How many events in a row had this id: ids may be mere times. */
      repeat: z.int().positive(),
      /** The id before it: a stream that is resumed there begins with the newest event. */
      before: z.string().nullable(),
    })
    .nullable(),
  /** The id of what came after it and is no event of the log, such as a keepalive: reading may go on right after that. */
  kept: z.string().nullable().default(null),
  /** Which start of the container is training; null until it says so. */
  run: z.string().nullable(),
  /** How many lines the training has printed, as far as they were read. */
  printed: z.int().nonnegative(),
  /** How the training ended; nothing follows. */
  end: z
    .object({
      exitCode: z.union([z.int().nonnegative(), z.enum(['interrupted', 'restarted'])]),
      /** Milliseconds since 1970. */
      time: z.number(),
    })
    .nullable(),
});

/** Where a pod's log is to be read on, and what it has told so far. */
export type LogPosition = z.infer<typeof shape>;
export type Newest = NonNullable<LogPosition['newest']>;
export type End = NonNullable<LogPosition['end']>;

const start: LogPosition = { newest: null, kept: null, run: null, printed: 0, end: null };

/** A position as a cursor. */
export function cursorOf(position: LogPosition): string {
  return JSON.stringify(position);
}

/** The position that a cursor holds; null is the beginning. Throws `INTERNAL` for what is no cursor of ours. */
export function positionOf(cursor: string | null): LogPosition {
  if (cursor === null) return start;
  try {
    return shape.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new TrainyardError('INTERNAL', `The log cursor ${cursor} cannot be read`, { cause });
  }
}
