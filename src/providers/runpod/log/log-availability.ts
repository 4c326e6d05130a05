import { recent } from '../../../lib/recent.ts';
import type { Pod } from '../api/wire.ts';
import type { LogTrouble } from './notice.ts';

/** Why the logs of which jobs cannot be had, as it stands now. */
export class LogAvailability {
  readonly #emptyMs: number;
  readonly #jobs = recent<{ trouble: LogTrouble; times: number }>();

  constructor(options: { emptyMs: number }) {
    this.#emptyMs = options.emptyMs;
  }

  /** Null where the log of the job can be had, as far as is known. */
  of(jobId: string): LogTrouble | null {
    return this.#jobs.get(jobId)?.trouble ?? null;
  }

  /** RunPod has refused the log; how many times in a row. */
  refused(jobId: string, error: unknown): number {
    const times = (this.#jobs.get(jobId)?.times ?? 0) + 1;
    this.#set(jobId, { error }, times);
    return times;
  }

  gone(jobId: string): void {
    this.#set(jobId, 'gone', 0);
  }

  /** The log can be had; that of a pod that has run for long without a line in it is a trouble all the same. */
  had(jobId: string, pod: Pod, { empty }: { empty: boolean }): void {
    const runsSince = pod.status === 'RUNNING' ? (pod.startedAt ?? pod.createdAt) : null;
    const isLong = runsSince !== null && Date.now() - runsSince >= this.#emptyMs;
    if (empty && isLong) this.#set(jobId, 'empty', 0);
    else this.#jobs.delete(jobId);
  }

  #set(jobId: string, trouble: LogTrouble, times: number): void {
    this.#jobs.set(jobId, { trouble, times });
  }
}
