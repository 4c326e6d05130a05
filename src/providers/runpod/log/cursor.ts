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
export type Place = z.infer<typeof shape>;
export type Newest = NonNullable<Place['newest']>;
export type End = NonNullable<Place['end']>;

const start: Place = { newest: null, run: null, printed: 0, end: null };

/** A place as a cursor. */
export function cursorOf(place: Place): string {
  return JSON.stringify(place);
}

/** The place that a cursor holds; null is the beginning. Throws `INTERNAL` for what is no cursor of ours. */
export function placeOf(cursor: string | null): Place {
  if (cursor === null) return start;
  try {
    return shape.parse(JSON.parse(cursor));
  } catch (cause) {
    throw new TrainyardError('INTERNAL', `The log cursor ${cursor} cannot be read`, { cause });
  }
}
