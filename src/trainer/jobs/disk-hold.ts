import { isOver, type JobRecord } from '../disk/record.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { Run } from './run.ts';

/** Why a job that wrote to a full disk has a gap in its log. */
export const diskFullReason =
  'The disk of the training server was full while the job ran: what it printed then is lost, and the line before or after is torn';

/**
 * Keeps one job's processes stopped while the disk has too little room. A hold and a user's pause are
 * independent: a job goes on only when it is neither held nor paused.
 */
export class DiskHold {
  readonly #disk: Pick<DiskGuard, 'lack' | 'isFull'>;
  #isHeld = false;

  constructor(disk: Pick<DiskGuard, 'lack' | 'isFull'>) {
    this.#disk = disk;
  }

  /** Why the job is held; null if it is not. */
  get reason(): string | null {
    return this.#isHeld ? this.#disk.lack : null;
  }

  /** The record that clients see: a held job is shown as paused. */
  shown(record: JobRecord): JobRecord {
    return this.#isHeld && record.status === 'running' ? { ...record, status: 'paused' } : record;
  }

  /**
   * Stops the processes if there is too little room, and lets them go on if there is enough. Calls
   * `onLoss` if there is no room at all and the processes could write. Returns true if the hold has
   * changed.
   */
  heed(record: JobRecord, run: Run | null, onLoss: () => void): boolean {
    const isHeld = this.#disk.lack !== null && record.cancel === null && !isOver(record);
    if (this.#disk.isFull && !this.#isHeld && record.status === 'running') onLoss();
    // Sent each time: the process may have started since the last one.
    if (isHeld) run?.signal('SIGSTOP');
    if (isHeld === this.#isHeld) return false;
    this.#isHeld = isHeld;
    if (!isHeld) this.letGoOn(record, run);
    return true;
  }

  /** Continues the processes if they may run: an earlier server or a pause may have stopped them. */
  letGoOn(record: JobRecord, run: Run | null): void {
    if (!this.#isHeld && record.status === 'running') run?.signal('SIGCONT');
  }

  /** Forgets the hold because the job ends. Whoever ends the job also continues its processes. */
  lift(): void {
    this.#isHeld = false;
  }
}
