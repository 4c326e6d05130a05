import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends every process that carries this text in the environment that it was started with, and all that
 * they start meanwhile: what the end of a container does to whatever ran in it, sessions of its own
 * included. Only where there is a /proc; elsewhere the process group has to do.
 */
export function killByEnvironment(entry: string): void {
  // One round does for all but a fork bomb; a process that nothing ends must not hold up the tests.
  for (let round = 0; round < 1000; round += 1) {
    const pids = pidsWith(entry);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
  }
}

/** Sends SIGKILL to a process, or with a negative number to a group; one that has ended is fine. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // macOS answers EPERM for a group of which only zombies are left.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function pidsWith(entry: string): number[] {
  const names = listProcesses().filter((name) => /^\d+$/.test(name));
  return names.filter((name) => environmentOf(name).split('\0').includes(entry)).map(Number);
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return []; // not a Linux
  }
}

/** Empty for a process of someone else, for one that is gone, and for one that has ended already. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
