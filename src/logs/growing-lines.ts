/** A line that a job is writing: what there is of it so far. */
export interface GrowingLine {
  /** The number that it will have when it ends, as far as is known. */
  offset: number;
  text: string;
  /** When it was last seen to grow; milliseconds since 1970, UTC. */
  time: number;
}

/**
 * The unfinished last lines of the logs that this server collects: one a job, in memory alone, for they are
 * not stored before they end.
 */
export class GrowingLines {
  readonly #lines = new Map<string, GrowingLine>();

  set(jobId: string, line: GrowingLine): void {
    this.#lines.set(jobId, line);
  }

  /** The line that follows on the stored ones, of which there are `total`. */
  get(jobId: string, total: number): GrowingLine | null {
    const line = this.#lines.get(jobId);
    return line?.offset === total ? line : null;
  }

  delete(jobId: string): void {
    this.#lines.delete(jobId);
  }
}
