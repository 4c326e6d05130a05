import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../lib/system/logger.ts';
import { chunksPerSection } from '../search-index/build.ts';
import { FilterThread } from '../search-index/filter-thread.ts';
import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';
import type { SealedLines } from './sealed-lines.ts';
import { type SectionRows, sectionKey } from './section-rows.ts';

/** Old logs are looked through once the server has started. */
const restMs = 1000;
/** Logs that are taken up at a time. */
const logsPerSlice = 64;

/**
 * Makes the filters of sealed lines in the background, one at a time, in a thread of its own; this one only reads the
 * chunks. What is not done when the store closes is found again at the next start: a section is there or it is not.
 */
export class Indexer {
  readonly #connection: Connection;
  readonly #sealed: SealedLines;
  readonly #sections: SectionRows;
  readonly #logger: Logger | undefined;
  readonly #thread = new FilterThread();
  readonly #sql: ReturnType<typeof prepare>;
  /** How many chunks each log has got since it was last looked at, where they were not enough for a section. */
  readonly #chunks = new Map<number, number>();
  /** Logs to be looked at, in order. */
  readonly #due = new Set<number>();
  /** Sections of no use, to be removed: the log of each, and its first line. */
  readonly #useless: { seq: number; first: number }[] = [];
  /** The oldest log that the look through all of them has come to; null when that is over, or has not begun. */
  #sweptTo: number | null = null;
  readonly #rest: NodeJS.Timeout;
  #running: Promise<void> | null = null;

  constructor(
    connection: Connection,
    parts: { sealed: SealedLines; sections: SectionRows; logger: Logger | undefined },
  ) {
    this.#connection = connection;
    this.#sealed = parts.sealed;
    this.#sections = parts.sections;
    this.#logger = parts.logger;
    this.#sql = prepare(connection);
    this.#rest = setTimeout(() => {
      this.#sweptTo = Number.MAX_SAFE_INTEGER;
      this.#run();
    }, restMs).unref();
  }

  /** To be told of about how many full chunks a log has got. */
  grown(seq: number, chunks: number): void {
    const sum = (this.#chunks.get(seq) ?? 0) + chunks;
    this.#chunks.set(seq, sum);
    if (sum >= chunksPerSection) this.#look(seq);
  }

  /** To be told that a log is complete: a shorter section is worth while then. */
  completed(seq: number): void {
    this.#look(seq);
  }

  /** To be told of a section whose filter is of no use: it is made anew. */
  renew(seq: number, first: number): void {
    this.#useless.push({ seq, first });
    this.#look(seq);
  }

  /** Ends what goes on; the connection must have been told to stop. */
  async close(): Promise<void> {
    clearTimeout(this.#rest);
    await this.#thread.close();
    await this.#running;
  }

  #look(seq: number): void {
    this.#chunks.delete(seq);
    this.#due.add(seq);
    this.#run();
  }

  #run(): void {
    this.#running ??= this.#work();
  }

  async #work(): Promise<void> {
    try {
      do {
        // Whoever has called goes on first.
        await nextTurn();
        await this.#removeUseless();
        for (const seq of this.#due) {
          // Logs take turns.
          this.#due.delete(seq);
          if (await this.#makeNext(seq)) this.#due.add(seq);
          await nextTurn();
        }
        await this.#sweepOn();
      } while (this.#due.size + this.#useless.length > 0);
    } catch (error) {
      this.#warn(error);
    }
    this.#running = null;
  }

  #warn(error: unknown): void {
    if (this.#connection.closing.aborted) return;
    const message = 'a search filter could not be made: searches read more';
    this.#logger?.warn({ err: error }, message);
  }

  /** True where a section was made: another one may follow. */
  async #makeNext(seq: number): Promise<boolean> {
    const section = await this.#connection
      .read(() => this.#sealed.next(seq))
      .catch((error) => {
        // Damage of one log does not concern the others.
        if (!isDamage(causeOf(error))) throw error;
        this.#warn(error);
        return null;
      });
    if (section === null) return false;
    const { jobId, first, lines, chunks } = section;
    const filter = await this.#thread.build({ key: sectionKey(jobId, first), chunks });
    await this.#connection.write(() => this.#sections.put(seq, { first, lines, filter }));
    return true;
  }

  async #removeUseless(): Promise<void> {
    if (this.#useless.length === 0) return;
    const useless = this.#useless.splice(0);
    await this.#connection.write(() => {
      for (const { seq, first } of useless) this.#sections.remove(seq, first);
    });
    for (const { seq } of useless) {
      this.#sealed.forget(seq);
      this.#due.add(seq);
    }
  }

  /** Takes up some more logs, newest first, until all have been looked at. */
  async #sweepOn(): Promise<void> {
    const before = this.#sweptTo;
    if (before === null) return;
    const seqs = await this.#connection.read(() => this.#sql.logs.all(before, logsPerSlice));
    for (const seq of seqs) this.#due.add(seq);
    this.#sweptTo = seqs.at(-1) ?? null;
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function prepare({ db }: Connection) {
  return {
    logs: db
      .prepare<[number, number], number>(
        'SELECT seq FROM logs WHERE seq < ? ORDER BY seq DESC LIMIT ?',
      )
      .pluck(),
  };
}
