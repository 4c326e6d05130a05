import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** The system's own words for a process that it killed because memory ran out: the kernel, slurm, a shell. */
export const outOfMemory: FailureReader = (lines, at) => {
  const text = withoutPrefix(lines.at(at));
  if (killed.test(text)) return evidence(at, text, { native: true });
  return text === 'Killed' ? evidence(at, text, { native: true, consequence: true }) : null;
};

const killed =
  /\b[Oo]ut of memory: Killed process \d|\boom-kill:constraint|\bDetected \d+ oom[-_]kill event/;
