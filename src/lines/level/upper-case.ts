import { levelNamed, type StatedLevel } from './stated.ts';

/**
 * A level in upper case where a logger puts it: at the beginning, or behind a time, a place, a name
 * or a bracket. The same word within a sentence is none ("the ERROR column"), nor is the value of a
 * setting (`NCCL_DEBUG=INFO`), nor the name of a number (`ERROR: 0.12`).
 */
export function upperCase(line: string): StatedLevel | null {
  words.lastIndex = 0;
  for (let match = words.exec(line); match !== null; match = words.exec(line)) {
    const [name] = match;
    const level = names.has(name) ? levelNamed(name) : null;
    if (level !== null && isField(line, match.index, match.index + name.length)) {
      return { at: match.index, level };
    }
  }
  return null;
}

const words = /[A-Z]{3,9}/g;
/** The short ones are zerolog's and stand behind its time, those with four letters logrus's before its clock. */
const names = new Set(
  `TRACE DEBUG VERBOSE INFO NOTICE SUCCESS WARN WARNING ERROR SEVERE CRITICAL FATAL EMERGENCY ALERT
   EXCEPTION TRC DBG INF WRN ERR FTL PNC TRAC DEBU ERRO FATA PANI`.split(/\s+/),
);
const short = /^(?:TRC|DBG|INF|WRN|ERR|FTL|PNC)$/;
const clocked = /^(?:TRAC|DEBU|ERRO|FATA|PANI)$/;
const time = /\d(?:[AP]M|Z)? $/;
const wordBefore = /[\w="'./%]/;
const wordAfter = /[\w="'.%]/;

/** How containerd marks a stream, behind the time. */
const containerd = /std(?:out|err) [FP] $/;

/** Set apart from what stands around it, so that it is no part of a sentence. */
const apart = /^(?:[\]:|>)/]|\s*[-|]\s|\s{2,}|\t|\[|$)/;
const apartBefore = /[\]:|>([<,;.-]\s?$|^$/;
const number = /^\s*[:=]\s*[-+]?[\d.]+(?:e[-+]?\d+)?%?\s*(?:$|[,;|])/i;
/** `ERROR RATE 0.12` is a measure. */
const rate = /^ RATES?\b/;
/** `log_level: ERROR`, `--log-level ERROR`: the value of a setting. */
const setting = /log(?:ging)?[_ -]?level['"]?\s*[:=]?\s*$/i;
const hasBareWord = /(?:^|\s)[A-Za-z]+(?:\s|$)/;
const bareWord = /^[A-Za-z]+$/;
const datePart =
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun|[AP]M|UTC|GMT|CES?T)$/;

function isField(line: string, from: number, to: number): boolean {
  if (wordAfter.test(line.charAt(to)) || wordBefore.test(line.charAt(from - 1))) return false;
  const name = line.slice(from, to);
  const after = line.slice(to);
  const before = line.slice(0, from).replace(containerd, '');
  if (short.test(name) && !(time.test(before) && after.startsWith(' '))) return false;
  if ((clocked.test(name) && !after.startsWith('[')) || number.test(after)) return false;
  if (setting.test(before) || rate.test(after)) return false;
  const isApart = apart.test(after) && apartBefore.test(before);
  // Nearly every logger's lines: no sentence begins so.
  if (isApart && /^[\d[(|]/.test(before)) return true;
  if (!hasBareWord.test(before)) return true;
  const tokens = before.split(/\s+/).filter((token) => token !== '');
  const bare = tokens.filter((token) => bareWord.test(token) && !datePart.test(token));
  if (bare.length === 0) return true;
  if (isApart) return bare.length <= 3;
  return bare.length === 1 && tokens[0] !== bare[0];
}
