import { levelOf } from '../level.ts';
import { withoutPrefix } from '../prefix.ts';
import type { Course } from './course.ts';
import { type Evidence, evidence } from './evidence.ts';
import type { LogLines } from './log-lines.ts';

/**
 * The last line of a log, where it may say why the job ended: what `sys.exit("message")` prints. A
 * line that says so in words counts for any exit code; any other sentence for code 1 alone.
 */
export function lastWords(
  lines: LogLines,
  course: Course,
  exitCode: number | null,
): Evidence | null {
  let at = lines.length - 1;
  while (at >= 0 && course.kind(at) === 'noise' && levelOf(lines.at(at)) === null) at--;
  if (at < 0 || exitCode === null || exitCode === 0 || exitCode >= 126) return null;
  const text = withoutPrefix(lines.at(at)).trim();
  const level = levelOf(lines.at(at));
  if (level === 'INFO' || level === 'DEBUG' || course.kind(at) === 'work') return null;
  if (failed.test(text)) return evidence(at, text);
  if (exitCode !== 1 || level !== null || well.test(text)) return null;
  return /\p{L}{2,}.* .*\p{L}{2,}/u.test(text) ? evidence(at, text) : null;
}

const failed =
  /\b(?:error|fail(?:ed|ure|s)?|cannot|can't|could ?n[o']t|not|no|unable|invalid|missing|must|denied|refused|unknown|unsupported|abort(?:ed|ing)?|exceed(?:ed|s)?|giving up|gave up|diverged|nan|exiting|usage|worse|below|too (?:many|few|large|small|big|long|short))\b/i;
const well =
  /\b(?:done|finished|saved|saving|completed?|success\w*|loading|loaded|starting|started)\b|\.\.\.$/i;
