import { CommandError, exitCode } from './cli/exit.ts';
import type { Screen } from './cli/screen/screen.ts';
import { readConfig } from './config/config.ts';
import { messageOf, TrainyardError } from './core/errors.ts';
import { type Audit, auditSqliteStore } from './store/sqlite/audit.ts';

/** Reads every stored line and prints what is damaged. Returns the exit code. */
export function check(screen: Screen): number {
  const { dataDir } = readConfig(process.env);
  const { jobs, lines, findings } = audit(dataDir);
  for (const { message } of findings) screen.write(`${message}\n`, 'stdout');
  const read = `${lines} lines of ${jobs} jobs in ${dataDir} were read`;
  const verdict = findings.length === 0 ? 'sound' : `damaged, ${findings.length} findings`;
  screen.write(`${verdict}: ${read}\n`, 'stdout');
  return findings.length === 0 ? exitCode.ok : exitCode.damaged;
}

function audit(dataDir: string): Audit {
  try {
    return auditSqliteStore(dataDir);
  } catch (error) {
    if (!(error instanceof TrainyardError)) throw error;
    throw new CommandError(exitCode.refused, messageOf(error), { cause: error });
  }
}
