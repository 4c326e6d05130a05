import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Processor time that a process has used, in milliseconds (Linux counts in hundredths of a second). */
export function cpuMs({ pid }: Pick<ChildProcess, 'pid'>): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
