import { readdir, readFile } from 'node:fs/promises';
import type { Gpu } from './gpus.ts';

/** How old a look at all processes may be before the next one, by default. */
const defaultFreshMs = 5000;
/** USER_HZ, in which Linux tells processor time on every architecture: https://man7.org/linux/man-pages/man7/time.7.html */
const ticksPerSecond = 100;

/** What a job uses of its machine. GPUs are the machine's, whoever uses them. */
export interface Usage {
  /** Milliseconds since 1970. */
  time: number;
  /** How many cores its processes kept busy since the look before; null at the first one. */
  cpuCores: number | null;
  /** The resident memory of its processes, of which each counts what it shares with others. */
  memoryBytes: number;
  gpus: readonly Gpu[];
}

interface Process {
  parent: number;
  group: number;
  /** Processor time until now. */
  ticks: number;
}

interface Look {
  at: number;
  processes: ReadonlyMap<number, Process>;
}

/** Reads what jobs use, one look at all processes for all of them. Knows nothing elsewhere than on Linux. */
export class UsageReader {
  readonly #gpus: () => Promise<Gpu[]>;
  readonly #freshMs: number;
  #before: Look | null = null;
  #last: Look | null = null;
  #looking: Promise<Look> | null = null;

  constructor(options: { gpus: () => Promise<Gpu[]>; freshMs?: number }) {
    this.#gpus = options.gpus;
    this.#freshMs = options.freshMs ?? defaultFreshMs;
  }

  /** What a process, its group and all that they have started use; null where it is gone or nothing can be read. */
  async of(pid: number): Promise<Usage | null> {
    if (process.platform !== 'linux') return null;
    const { processes, at } = await this.#look();
    const own = familyOf(pid, processes);
    if (own.size === 0) return null;
    const [memoryBytes, gpus] = await Promise.all([memoryOf(own), this.#gpus()]);
    return { time: Date.now(), cpuCores: this.#coresOf(own, processes, at), memoryBytes, gpus };
  }

  /** A process that began since counts whole; the time of one that has ended is lost, but for what its parent has waited for. */
  #coresOf(own: ReadonlySet<number>, processes: Look['processes'], at: number): number | null {
    const before = this.#before;
    if (before === null || before.at >= at) return null;
    let ticks = 0;
    for (const pid of own) {
      ticks += (processes.get(pid)?.ticks ?? 0) - (before.processes.get(pid)?.ticks ?? 0);
    }
    return Math.max(0, ticks / ticksPerSecond / ((at - before.at) / 1000));
  }

  async #look(): Promise<Look> {
    const last = this.#last;
    if (last !== null && performance.now() - last.at < this.#freshMs) return last;
    this.#looking ??= readProcesses().then((processes) => {
      this.#before = this.#last;
      this.#last = { at: performance.now(), processes };
      this.#looking = null;
      return this.#last;
    });
    return this.#looking;
  }
}

async function readProcesses(): Promise<Map<number, Process>> {
  const processes = new Map<number, Process>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(gone);
    // The name of the program, in brackets, may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const [, parent, group, , , , , , , , , user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    if (parent === undefined || group === undefined) continue;
    processes.set(Number(name), { parent, group, ticks: (user ?? 0) + (system ?? 0) });
  }
  return processes;
}

/** A process, its group, and all that descend from these. */
function familyOf(root: number, processes: Look['processes']): Set<number> {
  const family = new Set<number>();
  const children = new Map<number, number[]>();
  for (const [pid, { parent, group }] of processes) {
    if (pid === root || group === root) family.add(pid);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  // A set yields what is added while it is gone through.
  for (const pid of family) for (const child of children.get(pid) ?? []) family.add(child);
  return family;
}

async function memoryOf(pids: ReadonlySet<number>): Promise<number> {
  let bytes = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(gone);
    bytes += Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }
  return bytes;
}

/** A process may end, or belong to somebody else. */
function gone(): string {
  return '';
}
