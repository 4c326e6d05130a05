import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../../lib/system/process-identity.ts';

const maxSweeps = 10;
/** Reading a process's environment waits for one that the system holds up. */
const maxSweepMs = 2000;

/** A variable for the environment of a job's processes that no other job's has: who started it. */
export function jobMark(runner: ProcessIdentity): { JOB_RUNNER: string } {
  return { JOB_RUNNER: `${runner.pid}@${runner.start}` };
}

/**
 * Kills every process that this runner's job has started, also in other groups and sessions, within
 * two seconds. Only Linux tells of environments: elsewhere, and where a process has overwritten its
 * own, it is not found.
 */
export async function killMarked(runner: ProcessIdentity): Promise<void> {
  if (process.platform !== 'linux') return;
  const variable = `\0JOB_RUNNER=${jobMark(runner).JOB_RUNNER}\0`;
  await Promise.race([killAll(variable), delay(maxSweepMs, undefined, { ref: false })]);
}

/** Sweeps again until it meets nobody new, for a process may have started another one meanwhile. */
async function killAll(variable: string): Promise<void> {
  const killed = new Set<string>();
  for (let sweep = 0; sweep < maxSweeps; sweep += 1) {
    const before = killed.size;
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || killed.has(pid) || !(await hasVariable(pid, variable))) continue;
      killed.add(pid);
      kill(Number(pid));
    }
    if (killed.size === before) return;
  }
}

/** As in proc_pid_environ(5): each variable ends with a NUL. */
async function hasVariable(pid: string, variable: string): Promise<boolean> {
  try {
    return `\0${await readFile(`/proc/${pid}/environ`, 'latin1')}`.includes(variable);
  } catch {
    return false; // it is another user's, or gone
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
