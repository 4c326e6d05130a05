import type { Pace } from '../../logs/read/pace.ts';

/** An operation of so many characters takes about a millisecond to parse, check and begin... */
const charsPerMs = 256;
/** ...but even the largest waits no longer than this for smaller ones, in milliseconds of the thread's time. */
const mostMs = 50;
/** An operation of more characters takes a turn as pages do, so that many of them do not delay small ones. */
const maxSmallChars = 2048;

/** Resolves when an operation of so many characters may be looked into. `isStream`: it begins a stream. */
export function turnFor(
  pace: Pace,
  { chars, isStream }: { chars: number; isStream: boolean },
): Promise<void> {
  const kind = chars > maxSmallChars ? 'page' : 'question';
  return pace.turn(isStream ? 'stream' : kind, Math.min(mostMs, chars / charsPerMs));
}
