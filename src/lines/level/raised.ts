import { crash } from '../crash.ts';
import { withoutPrefix } from '../prefix.ts';
import type { StatedLevel } from './stated.ts';

/**
 * An exception with its message, as Python, Node and Java end with it; the first line of a
 * traceback; and what native code says when it crashes. A name with a fraction is a metric:
 * `MeanSquaredError: 0.12`.
 */
export function raised(line: string): StatedLevel | null {
  const text = withoutPrefix(line);
  const at = line.length - text.length;
  if (exception.test(text) || crash.test(text)) return { at, level: 'ERROR' };
  const head = line.indexOf('Traceback (most recent call last)');
  return head === -1 ? null : { at: head, level: 'ERROR' };
}

const exception =
  /^(?:Uncaught |Exception in thread "[^"]*" )?(?![Ee]rror: [-+\d.]+\s*$)[\w.]*(?:Error|Exception|Interrupt)(?:: (?![-+]?\d*\.\d)|:?$)/;
