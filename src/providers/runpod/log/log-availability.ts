import { recent } from '../../../lib/recent.ts';
import type { Pod } from '../api/wire.ts';
import type { LogTrouble } from './notice.ts';

/** Knows which jobs' logs cannot be read at present, and why. */
export class LogAvailability {
  readonly #emptyMs: number;
  readonly #running = recent<{ runsSince: number; since: number }>();
  readonly #jobs = recent<{ trouble: LogTrouble; times: number }>();

  constructor(options: { emptyMs: number }) {
    this.#emptyMs = options.emptyMs;
  }

  /** Why the job's log cannot be read; null where it can, as far as is known. */
  of(jobId: string): LogTrouble | null {
    return this.#jobs.get(jobId)?.trouble ?? null;
  }

  /** Notes that RunPod refused the log, and returns how many times in a row it has. */
  refused(jobId: string, error: unknown): number {
    const times = (this.#jobs.get(jobId)?.times ?? 0) + 1;
    this.#set(jobId, { error }, times);
    return times;
  }

  /** Notes that the job's pod is gone. */
  gone(jobId: string): void {
    this.#set(jobId, 'gone', 0);
  }

  /** Notes that the log can be read. It still is a trouble where the pod has run for `emptyMs` without a line. */
  had(
    jobId: string,
    pod: Pick<Pod, 'status' | 'startedAt' | 'createdAt'>,
    { empty }: { empty: boolean },
  ): void {
    const runsSince = pod.status === 'RUNNING' ? (pod.startedAt ?? pod.createdAt) : null;
    if (empty && runsSince !== null && this.#runsLong(jobId, runsSince)) {
      this.#set(jobId, 'empty', 0);
    } else this.#jobs.delete(jobId);
  }

  /** The time that RunPod tells counts when it is first heard; from then on the monotonic clock does. */
  #runsLong(jobId: string, runsSince: number): boolean {
    const now = performance.now();
    let known = this.#running.get(jobId);
    if (known?.runsSince !== runsSince) {
      const agoMs = Math.min(Math.max(0, Date.now() - runsSince), this.#emptyMs);
      known = { runsSince, since: now - agoMs };
      this.#running.set(jobId, known);
    }
    return now - known.since >= this.#emptyMs;
  }

  #set(jobId: string, trouble: LogTrouble, times: number): void {
    this.#jobs.set(jobId, { trouble, times });
  }
}
