import { levelOf } from './level.ts';
import { plainText } from './plain-text.ts';

const maxExcerptLines = 20;
/** A longer line of an excerpt is cut. In UTF-16 units. */
const maxExcerptChars = 1000;
const maxMessageChars = 500;

export interface FoundFailure {
  /** The index of the line where the failure begins. */
  at: number;
  /** That line and what follows it, at most 20 lines; of a long traceback its beginning and its message. */
  excerpt: string[];
}

/**
 * The last failure that the lines tell of: a Python traceback (of chained ones the last), a Node
 * stack, a report of memory that ran out; where there is none, the last line of level ERROR. A
 * launcher's traceback, which only says that its child failed, counts where there is no other.
 */
export function findFailure(texts: readonly string[]): FoundFailure | null {
  const found: Record<'cause' | 'launcher' | 'error', Failure | null> = {
    cause: null,
    launcher: null,
    error: null,
  };
  for (let at = 0; at < texts.length; at++) {
    const trace = tracebackAt(texts, at) ?? nodeStackAt(texts, at);
    const line = plain(texts[at]);
    if (trace !== null) {
      found[launcher.test(plain(texts[trace.message])) ? 'launcher' : 'cause'] = trace;
      at = trace.message;
    } else if (outOfMemory.test(line)) {
      found.cause = { at, message: at };
    } else if (levelOf(line) === 'ERROR') {
      found.error = { at, message: at };
    }
  }
  const failure = found.cause ?? found.launcher ?? found.error;
  return failure === null ? null : { at: failure.at, excerpt: excerptOf(texts, failure) };
}

/** Why a job failed, in one sentence of at most 500 characters. */
export function failureMessage(end: {
  exitCode: number | null;
  signal: string | null;
  excerpt: readonly string[];
}): string {
  const how = howItEnded(end.exitCode, end.signal);
  const what = whatHappened(end.excerpt);
  const known = [how, what].filter((part) => part !== null).join(': ');
  return cut(known || 'failed; neither an exit code nor the log says why', maxMessageChars);
}

/** The lines of a failure: where it begins, and the one that says what happened. */
interface Failure {
  at: number;
  message: number;
}

const tracebackHead = 'Traceback (most recent call last)';
const launcher = /\b(?:ChildFailedError|CalledProcessError|SpawnException)\b/;
const outOfMemory =
  /\bCUDA out of memory\b|\bCUDA error: out of memory\b|\bOutOfMemoryError\b|\bOut of memory: Killed process\b|\boom-kill\b|^Killed$/;
const errorHead = /^(?:Uncaught )?(?:[\w.]*(?:Error|Exception))\b/;
/** A multi-line message stands at most this far above a Node stack; a traceback skips as many lines of others. */
const reach = 20;

/** A traceback that begins at this line. Its message is the first line after it that is not indented. */
function tracebackAt(texts: readonly string[], at: number): Failure | null {
  if (!texts[at]?.includes(tracebackHead)) return null;
  const prefix = prefixOf(texts, at);
  let message = at;
  for (let next = at + 1, foreign = 0; next < texts.length && foreign < reach; next++) {
    const line = plain(texts[next]);
    if (!line.startsWith(prefix)) {
      foreign++;
      continue;
    }
    if (line.includes(tracebackHead)) break;
    message = next;
    if (!isIndented(line.slice(prefix.length))) break;
  }
  return { at, message };
}

/** What every line of this traceback begins with, such as `[rank0]: `; other ranks may write in between. */
function prefixOf(texts: readonly string[], at: number): string {
  const prefix = /^\[[^\]]{1,40}\]:? /.exec(plain(texts[at]))?.[0] ?? '';
  const following = texts.slice(at + 1, at + 1 + reach);
  return following.some((text) => plain(text).startsWith(prefix)) ? prefix : '';
}

/** Also true inside the frames that the rich package draws. */
function isIndented(line: string): boolean {
  return /^(?:\s|[│╭╰]|$)/.test(line);
}

/** A Node stack whose first `at` follows this line. */
function nodeStackAt(texts: readonly string[], at: number): Failure | null {
  if (!errorHead.test(plain(texts[at]))) return null;
  for (let next = at + 1; next < Math.min(texts.length, at + reach); next++) {
    const line = plain(texts[next]);
    if (/^ +at \S/.test(line)) return { at, message: at };
    if (errorHead.test(line)) return null;
  }
  return null;
}

function excerptOf(texts: readonly string[], { at, message }: Failure): string[] {
  const lines =
    message - at < maxExcerptLines
      ? texts.slice(at, at + maxExcerptLines)
      : [...texts.slice(at, at + maxExcerptLines - 2), '  …', texts[message] ?? ''];
  return lines.map((line) => cut(line, maxExcerptChars));
}

function howItEnded(exitCode: number | null, signal: string | null): string | null {
  if (signal !== null) return `killed by ${signal}${meanings.get(signal) ?? ''}`;
  if (exitCode === null) return null;
  return `exit code ${exitCode}${meanings.get(exitCode) ?? ''}`;
}

// A shell reports the death of its child by signal N as exit code 128 + N.
const meanings = new Map<string | number, string>([
  ['SIGKILL', ' (often: out of memory)'],
  ['SIGSEGV', ' (a crash in native code)'],
  [126, ' (the program cannot be executed)'],
  [127, ' (the program was not found)'],
  [134, ' (SIGABRT)'],
  [137, ' (SIGKILL, often: out of memory)'],
  [139, ' (SIGSEGV, a crash in native code)'],
  [143, ' (SIGTERM)'],
]);

function whatHappened(excerpt: readonly string[]): string | null {
  const message = tracebackAt(excerpt, 0)?.message ?? 0;
  const line = plain(excerpt[message]);
  const prefix = message === 0 ? '' : prefixOf(excerpt, 0);
  const text = line.slice(prefix.length);
  return text.includes(tracebackHead) || isIndented(text) ? null : text.trim();
}

function plain(text: string | undefined): string {
  return text === undefined ? '' : plainText(text.length > 4096 ? text.slice(0, 4096) : text);
}

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1)}…`.toWellFormed();
}
