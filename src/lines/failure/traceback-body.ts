import { levelOf } from '../level.ts';
import type { LogLines } from './log-lines.ts';
import { headOf, type Strip, stripperAt } from './traceback-prefix.ts';

/** One traceback: where it begins, its exception's line, and what that says. */
export interface Traceback {
  at: number;
  message: number;
  text: string | null;
  strip: Strip;
}

/** So many lines without a frame, or of other processes, may stand within a traceback. */
const reach = 20;
const maxForeign = 400;

/**
 * The traceback that begins at this line, null where none does. Lines that do not fit are passed
 * over: the exception is the first line of its shape behind the last frame. Also reads the frames
 * that rich draws, the values that loguru draws, and the columns of exception groups.
 */
export function tracebackAt(lines: LogLines, at: number): Traceback | null {
  if (headOf(lines.at(at)) === null) return null;
  const strip = stripperAt(lines, at);
  const frames = lastFrame(lines, at, strip);
  const message = messageLine(lines, frames, strip);
  if (message === null) return { at, message: frames.line, text: null, strip };
  return { at, message, text: textAt(lines, message, strip), strip };
}

/** What stands between two tracebacks of one chain. */
export const chainLink =
  /^\W*(?:During handling of the above exception|The above exception was the direct cause|-- Process \d+ terminated with)/;

const frame = /^\s*(?:> )?File "[^"]*", line \d+/;
const drawn = /^\s*[│╭╰├└]/;
const groupRule = /^\s*\+(?:-\+)?-{4,}/;

function lastFrame(lines: LogLines, at: number, strip: Strip): { line: number; indent: number } {
  const last = { line: at, indent: 2 };
  let without = 0;
  let foreign = 0;
  /** An exception ends a traceback, but for the frames that stand right below it. */
  let raised = false;
  let ended = false;
  for (let next = at + 1; next < lines.length; next++) {
    const text = strip(lines.at(next));
    if (text === null) {
      if (++foreign > maxForeign) break;
    } else if (isOver(text)) {
      break;
    } else if (frame.test(text)) {
      if (ended) break;
      last.line = next;
      last.indent = Math.max(1, text.indexOf('File '));
      without = 0;
      raised = false;
    } else if (drawn.test(text)) {
      last.line = next;
      without = 0;
    } else if (text !== '') {
      ended = raised;
      raised ||= named.test(text.trim());
      if (++without > reach) break;
    }
  }
  return last;
}

function isOver(text: string): boolean {
  return headOf(text) !== null || chainLink.test(text) || groupRule.test(text);
}

const named =
  /^(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Interrupt|Exit|Warning|Iteration|Group|Fault|Expired|Timeout)\w*(?:[([][^\])]*[\])])?(?:: |:?$)/;
const dotted = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:: |:?$)/;
const capital = /^(?![A-Z]+:)[A-Z]\w*(?:: |:?$)/;

function messageLine(
  lines: LogLines,
  { line, indent }: { line: number; indent: number },
  strip: Strip,
): number | null {
  let likely: number | null = null;
  let own = 0;
  for (let next = line + 1; next < lines.length && own < reach; next++) {
    if (next - line > maxForeign) break;
    const text = strip(lines.at(next));
    if (text === null) continue;
    if (isOver(text)) break;
    own++;
    const bare = text.trim();
    if (bare === '' || text.length - text.trimStart().length >= indent) continue;
    if (named.test(bare) || dotted.test(bare)) return next;
    if (capital.test(bare) && levelOf(bare) === null) likely ??= next;
  }
  return likely;
}

/** The exception's line; where it ends with its name, with the line below. */
function textAt(lines: LogLines, at: number, strip: Strip): string {
  const text = (strip(lines.at(at)) ?? '').trim();
  if (!text.endsWith(':')) return text;
  for (let next = at + 1; next <= at + 3; next++) {
    const more = strip(lines.at(next))?.trim() ?? '';
    if (more === '') continue;
    return isOver(more) || /^\W*$/.test(more) ? text : `${text} ${more}`;
  }
  return text;
}
