import { levelOf } from '../level.ts';
import { type Evidence, evidence, isConsequence } from './evidence.ts';
import type { LogLines } from './log-lines.ts';
import { chainLink, type Traceback, tracebackAt } from './traceback-body.ts';
import { headOf } from './traceback-prefix.ts';

/** So many lines may stand between the tracebacks of one chain, and so many of other processes. */
const reach = 12;
const maxForeign = 100;

/**
 * Python's tracebacks. Of a chain, "during handling" leads to the last one, "direct cause" names
 * both, and a traceback that another process or worker sent along is the cause itself.
 */
export function pythonTraceback(lines: LogLines, at: number): Evidence | null {
  let trace = tracebackAt(lines, at);
  if (trace === null) return null;
  const kind = kindOf(lines, trace);
  const lesser = isLesserFailure(lines, at);
  let what = trace.text;
  let start = at;
  let cause: string | null = null;
  for (let link = linkAfter(lines, trace); link !== null; link = linkAfter(lines, trace)) {
    const next = tracebackAt(lines, link.at);
    if (next === null) break;
    if (link.how === 'group') {
      what = next.text === null ? what : `${what}: ${next.text}`;
    } else if (link.how === 'inner') {
      what = next.text;
    } else {
      cause = link.how === 'cause' ? (cause ?? what) : null;
      what = next.text;
      start = link.at;
    }
    trace = next;
    if (link.how === 'group') break;
  }
  const passedOn = what !== null && launcher.test(what);
  if (what !== null && cause !== null && what !== cause && !cause.includes('JaxStackTrace')) {
    what = passedOn ? cause : `${what} (cause: ${cause})`;
  }
  return evidence(start, what, {
    message: trace.message,
    end: endOf(lines, trace.message),
    kind: passedOn && cause === null && kind !== 'ignored' ? 'launcher' : kind,
    consequence: lesser || (what !== null && isConsequence(what)),
  });
}

/** An exception by which a launcher, or a driver, only says that its child failed. */
const launcher =
  /\b(?:ChildFailedError|CalledProcessError|SpawnException|TrainingFailedError|ProcessExitedException|WorkerCrashedError)\b/;
const ignored =
  /^(?:Exception ignored |Error in atexit|Error in sys\.excepthook|--- Logging error ---)/;
/** Python's own warnings and those of launchers come before a traceback by chance. */
const logger = /^(?:WARNING|\d{4}-\d\d-\d\d.* WARNING\b)/;
const ofThread =
  /^(?:Exception in thread |Task exception was never |Future exception was never |Exception in callback |future: <)/;

function kindOf(lines: LogLines, { at, strip }: Traceback): Evidence['kind'] {
  let before = at - 1;
  while (before > at - 3 && (strip(lines.at(before)) ?? '').trim() === '') before--;
  const text = lines.at(before);
  const own = (strip(text) ?? text).trim();
  if (ignored.test(own)) return 'ignored';
  if (ofThread.test(own)) return 'thread';
  const level = levelOf(text);
  if (level === 'WARNING' && logger.test(own)) return 'warned';
  return level === 'ERROR' ? 'logged' : 'cause';
}

/** True beside the root cause, in the table of torch's elastic agent. */
function isLesserFailure(lines: LogLines, at: number): boolean {
  if (!/\btraceback : /.test(lines.at(at))) return false;
  for (let before = at - 1; before > at - reach; before--) {
    if (lines.at(before).includes('Root Cause')) return false;
  }
  return true;
}

interface Link {
  at: number;
  how: 'inner' | 'cause' | 'after' | 'group';
}

/** Where the chain of tracebacks goes on after this one. */
function linkAfter(lines: LogLines, { message, strip, text }: Traceback): Link | null {
  let how: Link['how'] | null = text !== null && /ExceptionGroup\b/.test(text) ? 'group' : null;
  let own = 0;
  for (let next = message + 1; next < lines.length && own < reach; next++) {
    if (next - message > maxForeign) return null;
    const line = lines.at(next);
    const bare: string | null = strip(line) ?? (how === 'group' ? line : null);
    if (bare === null) continue;
    own++;
    const link: string | undefined = chainLink.exec(bare)?.[0];
    if (link !== undefined) {
      how = link.includes('During') ? 'after' : link.includes('direct') ? 'cause' : 'inner';
    }
    const head = headOf(line);
    if (head === null) continue;
    if (head.endsWith('Original ')) how = 'inner';
    return how === null ? null : { at: next, how };
  }
  return null;
}

/** The last line of a message of several, or of an exception group. */
function endOf(lines: LogLines, message: number): number {
  let end = message;
  while (end + 1 < lines.length && /^\s+\S|^\s*[|+]/.test(lines.at(end + 1))) end++;
  return end;
}
