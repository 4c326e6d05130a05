import { isRecord, recordLevel } from '../level/json.ts';
import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';
import { LogLines } from './log-lines.ts';
import { pythonTraceback } from './traceback.ts';

const head = 'Traceback (most recent call last)';

/** An error as one record of JSON, with the traceback that it may carry. */
export const errorRecord: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (!isRecord(text) || recordLevel(text) !== 'ERROR') return null;
  const record = parse(withoutPrefix(lines.texts[at] ?? ''));
  const trace =
    textsOf(record)
      .find((value) => value.includes(head))
      ?.split('\n') ?? [];
  const inner = new LogLines(trace);
  const start = trace.findIndex((line) => line.includes(head));
  const found = start === -1 ? null : pythonTraceback(inner, start);
  if (found?.what) return evidence(at, found.what, { kind: 'logged' });
  const { message, msg, event, error } = record;
  const said = [message, msg, event, error].find((value) => typeof value === 'string');
  return evidence(at, typeof said === 'string' ? said : text, { kind: 'error' });
};

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // it is a dictionary of Python, or cut
  }
}

/** All texts of a record and of the objects right in it. */
function textsOf(record: Record<string, unknown>): string[] {
  return Object.values(record)
    .flatMap((value) => (typeof value === 'object' && value ? Object.values(value) : [value]))
    .filter((value) => typeof value === 'string');
}
