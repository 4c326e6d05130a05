import { crash } from '../crash.ts';
import { levelOf } from '../level.ts';
import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader, isConsequence } from './evidence.ts';
import type { LogLines } from './log-lines.ts';

/** An exception that nobody caught in C++, with what it says. */
export const terminate: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!/^(?:terminate called |libc\+\+abi: )/.test(text)) return null;
  const said = /^\s+what\(\):\s+(.*)/.exec(withoutPrefix(lines.at(at + 1)))?.[1];
  const what = said === undefined ? text : `${text}: ${said}`;
  const end = endOfFrames(lines, at);
  return evidence(at, what, { message: at, end, native: true, consequence: isConsequence(what) });
};

/** The watchdog of PyTorch's collectives: each rank says so, and the first one counts. */
export const watchdog: FailureReader = (lines, at) => {
  const text = lines.at(at);
  const start = text.indexOf('Watchdog caught collective operation');
  if (start === -1) return null;
  return evidence(at, text.slice(start), { native: true, consequence: true });
};

/** A check of glog, absl or TensorFlow that ends the process. */
export const failedCheck: FailureReader = (lines, at) => {
  const text = lines.at(at);
  if (!/(?:^|[ :[])F(?:\d{4})? .*\] /.test(text) || levelOf(text) !== 'ERROR') return null;
  const what = text.slice(text.indexOf('] ', text.search(/F(?:\d{4})? /)) + 2);
  return evidence(at, what, { end: endOfFrames(lines, at), native: true });
};

/** What glibc, a runtime or a shell says of a crash. */
export const crashLine: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!crash.test(text)) return null;
  // One of these for each thread of the device; the host's error says it once.
  if (text.includes(': block: [')) return evidence(at, text, { kind: 'error' });
  const next = withoutPrefix(lines.at(at + 1)).trim();
  const goesOn = next !== '' && (text.endsWith(':') || text.includes('Process received signal'));
  return evidence(at, goesOn ? `${text} ${next}` : text, {
    end: endOfFrames(lines, goesOn ? at + 1 : at),
    native: true,
    consequence: ofShell.test(text),
  });
};

const ofShell =
  /^[^:]{1,80}: line \d+: |\(core dumped\)$|^(?:Aborted|Segmentation fault|Bus error)/;
const frames =
  /^(?:$|\s|frame #|Exception raised from|\*\*\* Check failure|goroutine |[\w.*/()]+\(.*\)$|note: |exit status|Stacktrace|stack backtrace)/;

function endOfFrames(lines: LogLines, at: number): number {
  let end = at;
  while (end + 1 < lines.length && frames.test(withoutPrefix(lines.at(end + 1)))) end++;
  return end;
}
