import { constants } from 'node:os';
import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** The root cause in the table of torch's elastic agent stands at most so far below its title. */
const tableLines = 10;

/**
 * A launcher's word on its child: torch's elastic agent with its table, DeepSpeed, srun, docker
 * compose, systemd, pdsh. A child that a signal ended has a negative code; its name is added.
 */
export const launcherLine: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (text.startsWith('Root Cause (first observed failure)')) {
    for (let next = at + 1; next <= at + tableLines; next++) {
      const said = /^\s+traceback : (Signal \d+ .*)/.exec(withoutPrefix(lines.at(next)))?.[1];
      if (said !== undefined) return evidence(next, said, { kind: 'launcher', native: true });
    }
    return null;
  }
  const code = /\bfailed \(exitcode: (-?\d+)|\breturn code = (-?\d+)/.exec(text);
  if (code === null && !other.test(text)) return null;
  const signal = signalOf(Number(code?.[1] ?? code?.[2] ?? 0));
  return evidence(at, signal === null ? text : `${text} (${signal})`, { kind: 'launcher' });
};

const other =
  /^srun: error: .*: tasks? \S+ Exited with|^\S+ exited with code \d+|Main process exited, code=|^pdsh@\S+ .*exited with/;

function signalOf(code: number): string | null {
  if (code >= 0) return null;
  const found = Object.entries(constants.signals).find(([, number]) => number === -code);
  return found?.[0] ?? null;
}
