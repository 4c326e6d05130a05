import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from every other one that has run or will run on this machine. */
export interface ProcessIdentity {
  /** This run of the machine's kernel; where the system does not tell it, the machine. */
  boot: string;
  /** Where its process id counts: containers have their own. */
  namespace: string;
  pid: number;
  /** When it began, for ids are given out again. Empty where the system does not tell. */
  started: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return {
    boot: orElse(hostname(), () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: orElse('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

/** True only where the process is certainly gone; false for one that cannot be seen from here. */
export function isGone(other: ProcessIdentity, own: ProcessIdentity): boolean {
  if (other.boot !== own.boot) return own.namespace !== '';
  if (other.namespace !== own.namespace) return false;
  return !exists(other.pid) || startOf(other.pid) !== other.started;
}

/** Milliseconds on a clock that all processes of this machine share and that nobody sets. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

// proc_pid_stat(5): the 22nd field, counted after the program's name, which may hold anything.
function startOf(pid: number): string {
  return orElse('', () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

function orElse<T>(fallback: T, get: () => T): T {
  try {
    return get();
  } catch {
    return fallback;
  }
}
