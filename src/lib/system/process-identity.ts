import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same pid, or for one of another container. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, as a text that is only comparable on this machine, until its next boot. */
  start: string;
  /** The pid namespace in which its pid counts: containers have their own. Empty where the system has none. */
  namespace: string;
}

/** The process that has this pid now; null for none. A process that has ended but was not waited for counts. */
export function identityOf(pid: number): ProcessIdentity | null {
  const found = look(pid);
  return found === null ? null : { pid, start: found.start, namespace: ownNamespace() };
}

/** True only where the process is certainly gone; false also for one that cannot be seen from here. */
export function isGone(other: ProcessIdentity): boolean {
  const isElsewhere = other.namespace !== '' && other.namespace !== ownNamespace();
  if (!isElsewhere) return !isAlive(other);
  const self = look(process.pid);
  return self !== null && bootOf(self.start) !== bootOf(other.start);
}

/** True while this very process runs or is stopped by a signal; false once it has ended. */
export function isAlive(identity: ProcessIdentity): boolean {
  const found = look(identity.pid);
  return found !== null && found.start === identity.start && !'ZX'.includes(found.state);
}

/** True while the process with this pid is stopped by a signal. */
export function isStopped(pid: number): boolean {
  return look(pid)?.state.toUpperCase() === 'T';
}

/**
 * True where every process of a group has ended, even if nobody waited for it, as in a container whose first
 * process waits for nobody. Always false on systems other than Linux, which do not tell.
 */
export function isGroupDead(pgid: number): boolean {
  if (process.platform !== 'linux') return false;
  return readdirSync('/proc').every((pid) => {
    if (!/^\d+$/.test(pid)) return true;
    const [state = '', , group] = statOf(pid) ?? [];
    return Number(group) !== pgid || 'ZX'.includes(state);
  });
}

/** Signals the process group that this process leads, if it still runs. False: it does not. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(leader) && send(-leader.pid, signal);
}

/** Signals this process, if it still runs. False: it does not. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function look(pid: number): { state: string; start: string } | null {
  return process.platform === 'linux' ? lookInProc(pid) : askPs(pid);
}

function ownNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** The id of the machine's boot, with which each `start` on Linux begins. */
function bootOf(start: string): string {
  return start.slice(0, start.lastIndexOf(':'));
}

function lookInProc(pid: number): { state: string; start: string } | null {
  try {
    const fields = statOf(pid);
    if (fields === null) return null;
    const [state = '', start = ''] = [fields[0], fields[19]];
    // Field 22 counts from the machine's boot, so it says little without the id of that boot.
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return { state, start: `${boot}:${start}` };
  } catch {
    return null;
  }
}

/** The fields from the third one (the state) on; null where no process has this pid. */
function statOf(pid: number | string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may hold anything: proc_pid_stat(5).
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function askPs(pid: number): { state: string; start: string } | null {
  const options = { encoding: 'utf8', env: { LC_ALL: 'C', TZ: 'UTC' }, timeout: 5000 } as const;
  const answer = spawnSync('/bin/ps', ['-o', 'state=,lstart=', '-p', String(pid)], options);
  const [, state, start] = /^\s*(\S)\S*\s+(.+?)\s*$/.exec(answer.stdout ?? '') ?? [];
  return state === undefined || start === undefined ? null : { state, start };
}
