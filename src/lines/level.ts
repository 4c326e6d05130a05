import type { LogLevel } from '../core/log.ts';
import { plainText } from './plain-text.ts';

/** Only a line's beginning says its level; what stands further on is the message. */
const headChars = 160;

/**
 * The level that a line states itself, null where it states none. The first statement counts:
 * an upper-case word (`ERROR`, `[WARNING]`), `level=info`, `"level":"error"`, `"level":30`,
 * `warning:` at the start or after a place, glog's `W0131 12:00:00`, a Python warning, and the
 * first and last line of a traceback. Prose such as "no errors found" states none.
 */
export function levelOf(text: string): LogLevel | null {
  const head = text.length > headChars ? text.slice(0, headChars) : text;
  const plain = plainText(head);
  if (raised.test(plain)) return 'ERROR';
  const word = stated
    .exec(plain)
    ?.slice(1)
    .find((group) => group !== undefined);
  return word === undefined ? null : (levels.get(word.toLowerCase()) ?? null);
}

// Tried at the line's start only.
const raised =
  /^(?:\[[^\]]{1,40}\]:? )?(?:Uncaught )?[\w.]*(?:Error|Exception|Interrupt)(?:: |:?$)/;
const stated =
  /\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b|\blevel["']? ?[=:] ?["']?(\w{1,9})|(?:^|[\]:|] |\[)([Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn|[Ww]arning|[Ee]rror|[Cc]ritical|[Ff]atal)(?=[:\][])|\b[A-Z][A-Za-z]*(Warning): |^([IWEF])\d{4} \d\d:|(Traceback) \(most recent call last\)/;

const levels = new Map<string, LogLevel>([
  ['trace', 'DEBUG'],
  ['debug', 'DEBUG'],
  ['info', 'INFO'],
  ['notice', 'INFO'],
  ['warn', 'WARNING'],
  ['warning', 'WARNING'],
  ['error', 'ERROR'],
  ['critical', 'ERROR'],
  ['fatal', 'ERROR'],
  ['traceback', 'ERROR'],
  // glog
  ['i', 'INFO'],
  ['w', 'WARNING'],
  ['e', 'ERROR'],
  ['f', 'ERROR'],
  // pino and bunyan
  ['10', 'DEBUG'],
  ['20', 'DEBUG'],
  ['30', 'INFO'],
  ['40', 'WARNING'],
  ['50', 'ERROR'],
  ['60', 'ERROR'],
]);
