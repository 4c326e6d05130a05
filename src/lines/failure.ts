import { chooseEvidence, type ProcessEnd } from './failure/choose.ts';
import { Course } from './failure/course.ts';
import type { Evidence } from './failure/evidence.ts';
import { howItEnded } from './failure/exit.ts';
import { lastWords } from './failure/last-words.ts';
import { LogLines } from './failure/log-lines.ts';
import { failureReaders, mayTellFailure } from './failure/readers.ts';

const maxExcerptLines = 20;
/** A longer line of an excerpt is cut. In UTF-16 units. */
const maxExcerptChars = 1000;
const maxMessageChars = 500;
/** More of what may be a failure, in the lines that are searched, is not weighed. */
const maxEvidence = 1000;

export interface FoundFailure {
  /** The index of the line where the failure begins, or where the last lines of the log do. */
  at: number;
  /** That line and what follows it, at most 20 lines; of a long traceback its beginning and its message. */
  excerpt: string[];
  /** What happened, in one line; null where the lines do not say. */
  what: string | null;
}

/**
 * Why a job ended, out of its last lines and how its process ended: the failure that came first and
 * that it did not outlive (`failure/choose.ts`), as any of `failure/readers.ts` reads it; else what
 * it said last. Where nothing says why, the last lines and no reason; null for an empty log.
 */
export function findFailure(texts: readonly string[], end: ProcessEnd): FoundFailure | null {
  const lines = new LogLines(texts);
  const course = new Course(lines);
  const found = collect(lines);
  const chosen = chooseEvidence(found, course, { length: lines.length, end });
  const failure = chosen ?? lastWords(lines, course, end.exitCode);
  if (failure !== null)
    return { at: failure.at, excerpt: excerptOf(texts, failure), what: failure.what };
  let last = texts.length;
  while (last > 0 && lines.at(last - 1).trim() === '') last--;
  if (last === 0) return null;
  const at = Math.max(0, last - maxExcerptLines);
  return {
    at,
    excerpt: texts.slice(at, last).map((line) => cut(line, maxExcerptChars)),
    what: null,
  };
}

/** Why a job failed, in one sentence of at most 500 characters. */
export function failureMessage({
  exitCode,
  signal,
  what,
}: ProcessEnd & { what: string | null }): string {
  const known = [howItEnded(exitCode, signal), what].filter((part) => part !== null).join(': ');
  return cut(known || 'failed; neither an exit code nor the log says why', maxMessageChars);
}

function collect(lines: LogLines): Evidence[] {
  const found: Evidence[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (!mayTellFailure(lines.texts[at] ?? '')) continue;
    for (const read of failureReaders) {
      const evidence = read(lines, at);
      if (evidence === null) continue;
      found.push(evidence);
      if (found.length > maxEvidence) found.shift();
      at = Math.max(at, evidence.end);
      break;
    }
  }
  return found;
}

function excerptOf(texts: readonly string[], { at, message }: Evidence): string[] {
  const lines =
    message - at < maxExcerptLines
      ? texts.slice(at, at + maxExcerptLines)
      : [...texts.slice(at, at + maxExcerptLines - 2), '  …', texts[message] ?? ''];
  return lines.map((line) => cut(line, maxExcerptChars));
}

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`.toWellFormed();
}
