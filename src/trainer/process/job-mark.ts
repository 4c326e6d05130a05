import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../../lib/system/process-identity.ts';

const maxSweeps = 10;
/** A process that the system holds up also holds up whoever reads its environment. */
const maxSweepMs = 2000;

/** A variable for the environment of a job's processes. Its value names the runner, so it is unique to the job. */
export function jobMark(runner: ProcessIdentity): { JOB_RUNNER: string } {
  return { JOB_RUNNER: `${runner.pid}@${runner.start}` };
}

/**
 * Kills every process that this runner's job has started, also those in other groups and sessions.
 * Takes two seconds at most. It finds processes by their environment, so it works on Linux alone, and
 * misses a process that has overwritten its own environment.
 */
export async function killMarked(runner: ProcessIdentity): Promise<void> {
  if (process.platform !== 'linux') return;
  const variable = `\0JOB_RUNNER=${jobMark(runner).JOB_RUNNER}\0`;
  await Promise.race([killAll(variable), delay(maxSweepMs, undefined, { ref: false })]);
}

/** Repeats until a sweep finds no new process: one may have started another during the sweep. */
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
    return false; // the process is another user's, or gone
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process is gone.
  }
}
