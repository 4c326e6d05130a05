import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** The summary of pytest names what failed. */
export const pytestLine: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  return /^FAILED \S+::\S+/.test(text) ? evidence(at, text, { kind: 'error' }) : null;
};

/** A shell that cannot start a program, and goes on where its script does not say otherwise; Docker likewise. */
export const shellLine: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  return notStarted.test(text) ? evidence(at, text, { kind: 'error' }) : null;
};

const notStarted =
  /^[^:]{1,80}: (?:line )?\d+: .{1,200}: (?:command )?(?:not found|No such file or directory|Permission denied|cannot execute|Is a directory|Exec format error|unbound variable)|^(?:\S*\/)?(?:ba|da|z)?sh: .{1,200}: (?:command )?not found$|^env: .{1,200}: No such file or directory|^docker: Error response from daemon: /;
