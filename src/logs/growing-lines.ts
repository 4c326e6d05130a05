/** The beginning of a line that a job is still writing. */
export interface GrowingLine {
  /** The number that it will probably have when it ends. */
  offset: number;
  text: string;
  /** When it was last seen to grow; milliseconds since 1970, UTC. */
  time: number;
}

/**
 * The unfinished last lines of the logs that this server collects, at most one for each job. They are kept
 * only in memory, because a line is stored when it ends.
 */
export class GrowingLines {
  readonly #lines = new Map<string, GrowingLine>();

  set(jobId: string, line: GrowingLine): void {
    this.#lines.set(jobId, line);
  }

  /** The unfinished line that follows the `total` stored ones; null for none. */
  get(jobId: string, total: number): GrowingLine | null {
    const line = this.#lines.get(jobId);
    return line?.offset === total ? line : null;
  }

  delete(jobId: string): void {
    this.#lines.delete(jobId);
  }
}
