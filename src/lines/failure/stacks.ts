import { levelOf } from '../level.ts';
import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** A message of several lines stands at most this far above its stack. */
const reach = 20;
const head = /^(?:Uncaught |Exception in thread "[^"]*" )?[\w.$]*(?:Error|Exception)\b/;
const frame = /^\s+at \S/;

/** A stack of Node or Java below its error, with the cause that is named last. */
export const stackBelow: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!head.test(text)) return null;
  let first = at + 1;
  while (first < at + reach && !frame.test(withoutPrefix(lines.at(first)))) {
    if (first >= lines.length || head.test(withoutPrefix(lines.at(first)))) return null;
    first++;
  }
  if (first === at + reach) return null;
  let end = first;
  let cause: string | null = null;
  for (let next = first + 1; next < lines.length; next++) {
    const line = withoutPrefix(lines.at(next));
    const named = /^\s*(?:Caused by: |\[cause\]: )(.*)/.exec(line)?.[1];
    if (named === undefined && !/^\s+(?:at |\.\.\. )|^\s*[{}]/.test(line)) break;
    cause = named ?? cause;
    end = next;
  }
  const what = cause === null ? text : `${text} (cause: ${cause})`;
  const kind = levelOf(lines.at(at - 1)) === 'ERROR' ? 'logged' : 'cause';
  return evidence(at, what, { message: at, end, kind });
};

/** An error of Julia above its stack. */
export const juliaError: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!text.startsWith('ERROR: ')) return null;
  let stack = at + 1;
  while (stack < at + 4 && withoutPrefix(lines.at(stack)) !== 'Stacktrace:') stack++;
  if (stack === at + 4) return null;
  let end = stack;
  while (/^\s|^in expression/.test(withoutPrefix(lines.at(end + 1)))) end++;
  return evidence(at, text, { message: at, end });
};
