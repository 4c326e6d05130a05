import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';

const shape = z.object({
  /** The newest event that was read: its opaque id and its time. Null before the first one. */
  newest: z
    .object({
      id: z.string(),
      ts: z.string(),
      /** How many events in a row had this id, because an id may be no more than a time. */
      repeat: z.int().positive(),
      /** The id of the event before it. A stream that is resumed after that one begins with the newest event. */
      before: z.string().nullable(),
    })
    .nullable(),
  /** The id of a later event that is not a line, such as a keepalive. Reading may continue right after it. */
  kept: z.string().nullable().default(null),
  /** The wrapper's id for the start of the container in which the training runs; null until it begins. */
  run: z.string().nullable(),
  /** How many of the training's lines were read. */
  printed: z.int().nonnegative(),
  /** How the training ended; null until the wrapper reports it. Nothing follows. */
  end: z
    .object({
      exitCode: z.union([z.int().nonnegative(), z.enum(['interrupted', 'restarted'])]),
      /** Milliseconds since 1970. */
      time: z.number(),
    })
    .nullable(),
});

/** Where reading of a pod's log continues, and what the log has said so far. */
export type LogPosition = z.infer<typeof shape>;
export type Newest = NonNullable<LogPosition['newest']>;
export type End = NonNullable<LogPosition['end']>;

const start: LogPosition = { newest: null, kept: null, run: null, printed: 0, end: null };

/** The cursor that holds a position. */
export function cursorOf(position: LogPosition): string {
  return JSON.stringify(position);
}

/** The position that a cursor holds; null is the beginning. Throws `INTERNAL` for a text that is not a cursor. */
export function positionOf(cursor: string | null): LogPosition {
  if (cursor === null) return start;
  try {
    return shape.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new TrainyardError('INTERNAL', `The log cursor ${cursor} cannot be read`, { cause });
  }
}
