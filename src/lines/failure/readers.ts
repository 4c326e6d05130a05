import { usualLevel } from '../level/usual.ts';
import { errorLine } from './error-line.ts';
import type { FailureReader } from './evidence.ts';
import { hydraError } from './hydra.ts';
import { launcherLine } from './launcher.ts';
import { outOfMemory } from './memory.ts';
import { crashLine, failedCheck, terminate, watchdog } from './native.ts';
import { faulthandler, pythonStart, pythonSyntax } from './python.ts';
import { errorRecord } from './record.ts';
import { pytestLine, shellLine } from './shell.ts';
import { juliaError, stackBelow } from './stacks.ts';
import { pythonTraceback } from './traceback.ts';

/** All that is known of how failures look; the first one that understands a line has it. */
export const failureReaders: readonly FailureReader[] = [
  errorRecord,
  pythonTraceback,
  pythonSyntax,
  pythonStart,
  faulthandler,
  hydraError,
  terminate,
  watchdog,
  failedCheck,
  outOfMemory,
  launcherLine,
  stackBelow,
  juliaError,
  shellLine,
  pytestLine,
  crashLine,
  errorLine,
];

/** False where no reader can understand a line: most lines, told quickly. */
export function mayTellFailure(text: string): boolean {
  const level = usualLevel(text);
  // A launcher may log the lines of its child, tracebacks too.
  if (level === 'INFO' || level === 'DEBUG') return text.includes('Traceback');
  if (text.startsWith('{')) return text.includes('evel') || text.includes('everity');
  return hint.test(text);
}

const hint =
  /Traceback|rror|ERR|xception|atal|FATAL|CRIT|SEVERE|EMERG|ALERT|PANIC|panic|Kill|kill|memory|fault|FAILED|bort|ssert|\bexit|terminate|libc\+\+|\*\*\* |Watchdog|Check f|\(\): |free or|corrupted|Illegal|Bus e|Terminated|Interrupt|return code|Root Cause|not found|No such|denied|cannot|can't open|No module|directory|unbound|"level"|"severity"|[[ :][EFC][\d: ]|^[EF][:\d]|File "/;
