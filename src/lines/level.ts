import type { LogLevel } from '../core/log.ts';
import { isRecord, recordLevel } from './level/json.ts';
import { letters } from './level/letters.ts';
import { logfmt } from './level/logfmt.ts';
import { lowerCase } from './level/lower-case.ts';
import { pythonWarning } from './level/python-warning.ts';
import { raised } from './level/raised.ts';
import type { LevelReader, StatedLevel } from './level/stated.ts';
import { upperCase } from './level/upper-case.ts';
import { usualLevel } from './level/usual.ts';
import { plainText } from './plain-text.ts';
import { withoutBar } from './without-bar.ts';

/** Only a line's beginning says its level; what stands further on is the message. In UTF-16 units. */
const headChars = 160;
/** As much may be colours. */
const colouredChars = 512;
/** The level of a record may be its last field. */
const recordChars = 64 * 1024;

const readers: readonly LevelReader[] = [letters, logfmt, lowerCase, pythonWarning, raised];

/**
 * The level that a line states itself, null where it states none; of several the leftmost counts.
 * What states one, each reader says in `level/`; a bar that the line is glued to does not count.
 * Prose such as "no errors found" states none.
 */
export function levelOf(text: string): LogLevel | null {
  if (text.charCodeAt(0) === brace && isRecord(text)) {
    return recordLevel(text.length > recordChars ? text.slice(0, recordChars) : text);
  }
  const usual = usualLevel(text);
  if (usual !== null) return usual;
  const line = headOf(text);
  if (!hint.test(line)) return null;
  if (line.includes('{') && isRecord(line))
    return recordLevel(plainText(text.slice(0, recordChars)));
  // Most loggers write it in upper case; then only what stands before it can count instead.
  const upper = upperCase(line);
  const rest = upper === null ? line : line.slice(0, upper.at);
  let first: StatedLevel | null = upper;
  if (upper !== null && !hint.test(rest)) return upper.level;
  for (const read of readers) {
    const stated = read(rest);
    if (stated !== null && (first === null || stated.at < first.at)) first = stated;
  }
  return first?.level ?? null;
}

const brace = 0x7b;
// Whatever a reader understands holds one of these; most lines hold none.
const hint =
  /[A-Z]{3}|rror|arn|nfo|ebug|atal|[Tt]race|otice|ritical|xception|nterrupt|evel|lvl|everity|[[ :][DIWEFC][:\d\] ]|^[EWIF][:\d]|^[DIWEC] \d\d-|panic|\*\*\* |terminate|libc\+|\(\): |free or|corrupted|fault|Aborted|Illegal|Bus e|Killed|Terminated|ssertion/;

function headOf(text: string): string {
  const bar = text.includes('%|') ? text.lastIndexOf('%|') : -1; // from the end is slow
  const rest = bar === -1 ? text : withoutBar(text);
  // Of a bar that nothing is glued to, only what stands before it can be words.
  const line = bar !== -1 && rest === text ? text.slice(0, bar) : rest;
  if (line.length <= headChars) return plainText(line);
  return plainText(line.slice(0, colouredChars)).slice(0, headChars);
}
