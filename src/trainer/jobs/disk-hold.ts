import { isOver, type JobRecord } from '../disk/record.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { Run } from './run.ts';

/**
 * Keeps one job's processes stopped while the disk has too little room. It is apart from a pause of
 * the user: what the user has paused stays so when there is room again, and the other way round.
 */
export class DiskHold {
  readonly #disk: Pick<DiskGuard, 'lack' | 'isFull'>;
  #isHeld = false;

  constructor(disk: Pick<DiskGuard, 'lack' | 'isFull'>) {
    this.#disk = disk;
  }

  /** Why the job is held; null where it is not. */
  get reason(): string | null {
    return this.#isHeld ? this.#disk.lack : null;
  }

  /** The record as others shall see it: a job that is held is paused. */
  shown(record: JobRecord): JobRecord {
    return this.#isHeld && record.status === 'running' ? { ...record, status: 'paused' } : record;
  }

  /**
   * Stops the processes where there is too little room, lets them go on where there is enough, and
   * calls `onLoss` where there is none at all and they could write. True: something has changed.
   */
  heed(record: JobRecord, run: Run | null, onLoss: () => void): boolean {
    const isHeld = this.#disk.lack !== null && record.cancel === null && !isOver(record);
    if (this.#disk.isFull && !this.#isHeld && record.status === 'running') onLoss();
    // Asked again and again: the process may only just have started.
    if (isHeld) run?.signal('SIGSTOP');
    if (isHeld === this.#isHeld) return false;
    this.#isHeld = isHeld;
    if (!isHeld) this.letGoOn(record, run);
    return true;
  }

  /** Continues processes that may run: an earlier server, or a pause, may have stopped them. */
  letGoOn(record: JobRecord, run: Run | null): void {
    if (!this.#isHeld && record.status === 'running') run?.signal('SIGCONT');
  }

  /** The job is to end, or has ended: whoever ends it continues it. */
  lift(): void {
    this.#isHeld = false;
  }
}
