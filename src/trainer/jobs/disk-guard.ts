import { messageOf } from '../../core/errors.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { type DiskSpace, fullBytes } from '../disk/free-space.ts';

const pollMs = 250;
/** The reserve is at most this share of the disk. */
const maxShare = 0.05;
/** Jobs go on when so much more than the reserve is free. Without this they would stop and go on all the time. */
const roomShare = 0.25;
const mebibyte = 1024 * 1024;

export interface DiskGuardOptions {
  folder: string;
  /** Jobs are held while fewer bytes are free. 0 means never. */
  reserveBytes: number;
  readSpace: (folder: string) => Promise<DiskSpace>;
  /** Called after each reading while there is too little room, and once when there is enough again. */
  onChange: () => void;
  logger: Pick<Logger, 'info' | 'warn'>;
}

/** Reads four times a second how much room the disk of a folder has. */
export class DiskGuard {
  readonly #options: DiskGuardOptions;
  readonly #closing = new AbortController();
  #lack: string | null = null;
  #isFull = false;
  #isUnreadable = false;
  #watching: Promise<void> = Promise.resolve();

  /** Resolves after the first reading. */
  static async open(options: DiskGuardOptions): Promise<DiskGuard> {
    const guard = new DiskGuard(options);
    await guard.#look();
    guard.#watching = guard.#watch();
    return guard;
  }

  private constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  /** Why jobs are held; null while there is room. */
  get lack(): string | null {
    return this.#lack;
  }

  /** True if there is no room at all, so that a running job loses what it writes. */
  get isFull(): boolean {
    return this.#isFull;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (await waitMs(pollMs, this.#closing.signal)) {
      const before = this.#lack;
      await this.#look();
      if (this.#closing.signal.aborted) return;
      if (this.#lack !== null || before !== null) this.#options.onChange();
    }
  }

  async #look(): Promise<void> {
    const { folder, readSpace, logger } = this.#options;
    try {
      this.#judge(await readSpace(folder));
      this.#isUnreadable = false;
    } catch (error) {
      if (!this.#isUnreadable) {
        logger.warn({ folder, error: messageOf(error) }, 'the room on the disk cannot be read');
      }
      this.#isUnreadable = true;
    }
  }

  #judge({ free, total }: DiskSpace): void {
    const { folder, reserveBytes, logger } = this.#options;
    const reserve = Math.min(reserveBytes, total * maxShare);
    const isHeld = this.#lack !== null;
    const isLow = free < (isHeld ? reserve * (1 + roomShare) : reserve);
    this.#isFull = reserve > 0 && free < Math.min(fullBytes, reserve);
    this.#lack = isLow
      ? `The disk of the training server is full: ${inMebibytes(free)} MiB are free in ${folder}, and ${inMebibytes(reserve)} MiB are kept in reserve`
      : null;
    if (isLow && !isHeld) logger.warn({ folder, free, reserve }, 'the disk is full: jobs are held');
    if (!isLow && isHeld) logger.info({ folder, free }, 'there is room on the disk: jobs go on');
  }
}

function inMebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0);
}
