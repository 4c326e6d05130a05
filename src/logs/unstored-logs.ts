import { messageOf } from '../core/errors.ts';
import type { LogNotice } from '../core/log.ts';

/**
 * The logs that this server collects and cannot store at the moment, and why. They are kept only in memory, because
 * a store that takes no lines takes no notice of it either.
 */
export class UnstoredLogs {
  readonly #errors = new Map<string, unknown>();

  set(jobId: string, error: unknown): void {
    this.#errors.set(jobId, error);
  }

  delete(jobId: string): void {
    this.#errors.delete(jobId);
  }

  /** Throws the reason why the first of them cannot be stored. */
  mustBeNone(): void {
    for (const error of this.#errors.values()) throw error;
  }

  /** The notice for readers of a log; null where its lines are stored. */
  noticeOf(jobId: string): LogNotice | null {
    return this.#errors.has(jobId) ? unstoredLogNotice(this.#errors.get(jobId)) : null;
  }
}

/** The notice for a log whose new lines the store does not take. */
export function unstoredLogNotice(error: unknown): LogNotice {
  return {
    code: 'LOG_NOT_STORED',
    message: `New lines of this job cannot be stored at the moment: ${messageOf(error)}`,
    url: null,
    help: ['As soon as the store takes them, capture goes on by itself from the last line stored'],
  };
}
