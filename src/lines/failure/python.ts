import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** A file of Python that does not compile: its place and no traceback. */
export const pythonSyntax: FailureReader = (lines, at) => {
  if (!/^\s+File "[^"]*", line \d+$/.test(withoutPrefix(lines.at(at)))) return null;
  for (let next = at + 1; next <= at + 4; next++) {
    const text = withoutPrefix(lines.at(next));
    if (/^(?:SyntaxError|IndentationError|TabError): /.test(text)) {
      return evidence(at, text, { message: next });
    }
  }
  return null;
};

/** Python itself does not find what it shall run. */
export const pythonStart: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  return start.test(text) ? evidence(at, text) : null;
};

const start = /^\S*python[\d.]*: (?:can't open file|No module named|Error while finding module)/;

/** faulthandler, and whatever the interpreter itself cannot survive. */
export const faulthandler: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!text.startsWith('Fatal Python error: ')) return null;
  // A daemon thread at the end of a process that is over anyway.
  const kind = text.includes('_enter_buffered_busy') ? 'ignored' : 'cause';
  let end = at;
  while (end + 1 < lines.length && stack.test(withoutPrefix(lines.at(end + 1)))) end++;
  return evidence(at, text, { message: at, end, kind, native: true });
};

const stack =
  /^(?:$|\s+File "|\s+\.\.\.|Thread 0x|Current thread|Python runtime|Extension modules)/;
