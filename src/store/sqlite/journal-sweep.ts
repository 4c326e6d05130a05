import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../lib/system/logger.ts';
import type { Connection } from './connection.ts';
import { type HeadRow, headChecksum, headColumns, isSoundHead } from './head-row.ts';
import { firstOf } from './journal.ts';
import { joinedEnd, type LogEnd } from './log-end.ts';
import { LogShapes } from './log-shape.ts';
import type { Tail } from './tail.ts';

/** The journal is swept each time when it has grown by so much. */
const sweepBytes = 8 * 1024 * 1024;
/** What was there before so many sweeps is taken out of the journal: it holds about 32 MiB at most. */
const keptSweeps = 3;
// A slice is one transaction of a few milliseconds; other work gets its turn after each.
const logsPerSlice = 8;
const rowsPerSlice = 256;

/**
 * Keeps the journal short. Its rows lie in the order of their age, so waste at its beginning goes page by page; a
 * log that has grown too slowly to leave its oldest rows behind is helped.
 */
export class JournalSweep {
  readonly #connection: Connection;
  readonly #tail: Tail;
  readonly #shapes: LogShapes;
  readonly #logger: Logger | undefined;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #newestOfSweeps: number[] = [];
  #bytes = 0;
  #folds = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(connection: Connection, tail: Tail, logger: Logger | undefined) {
    this.#connection = connection;
    this.#tail = tail;
    this.#shapes = new LogShapes(connection);
    this.#logger = logger;
    this.#sql = prepare(connection);
  }

  /** Grows whenever rows of logs have been moved: what was known of where they lie is then out of date. */
  get folds(): number {
    return this.#folds;
  }

  /** To be called once at the start: servers that run too briefly to sweep must not leave more and more behind. */
  begin(): void {
    this.#running = this.#running.then(() =>
      this.#attempt(async () => {
        await this.#removeWaste();
        const bytes = await this.#connection.read(() => this.#sql.bytes.get());
        if ((bytes ?? 0) <= keptSweeps * sweepBytes) return;
        await this.#fold((await this.#newest()) ?? 0);
        await this.#removeWaste();
      }),
    );
  }

  /** To be told of each append that was committed: sweeps now and then. */
  grown(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < sweepBytes) return;
    this.#bytes = 0;
    this.#running = this.#running.then(() => this.#attempt(() => this.#sweep()));
  }

  /** Resolves once nothing is being swept; never rejects. */
  settled(): Promise<void> {
    return this.#running;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#connection.closing.aborted) return;
      this.#logger?.warn(
        { err: error },
        'shortening the journal of the newest lines was interrupted',
      );
    }
  }

  async #sweep(): Promise<void> {
    this.#newestOfSweeps.push((await this.#newest()) ?? 0);
    if (this.#newestOfSweeps.length > keptSweeps) {
      await this.#fold(this.#newestOfSweeps.shift() ?? 0);
    }
    await this.#removeWaste();
  }

  #newest(): Promise<number | null | undefined> {
    return this.#connection.read(() => this.#sql.newest.get());
  }

  async #fold(newest: number): Promise<void> {
    while (await this.#connection.write(() => this.#foldSlice(newest))) await nextTurn();
  }

  async #removeWaste(): Promise<void> {
    while (await this.#connection.write(() => this.#removeSlice())) await nextTurn();
  }

  /** False once no log needs a row up to this one. */
  #foldSlice(newest: number): boolean {
    const logs = this.#sql.oldest.all(newest, logsPerSlice);
    if (logs.length > 0) this.#folds += 1;
    for (const log of logs) {
      const end = joinedEnd(log);
      const { jobId, checksum } = log;
      // What a damaged head says is not to be trusted, and not to be made to look sound.
      const isSound = isSoundHead(jobId, log);
      if (isSound) this.#tail.fold(jobId, log);
      else this.#keepLines(jobId);
      this.#sql.setJoined.run({
        ...end,
        checksum: isSound ? headChecksum(jobId, end, log) : checksum,
      });
    }
    return logs.length > 0;
  }

  /** False once the journal begins with a row that is needed. */
  #removeSlice(): boolean {
    let last = this.#sql.lastWaste.get(rowsPerSlice) ?? 0;
    // Which rows are waste is told by an index and by heads, and these may be damaged.
    for (const jobId of this.#sql.jobsUpTo.all(last)) {
      const log = this.#shapes.of(jobId);
      if (log?.isProven === false) this.#tail.move(log);
      else if (log?.journal) last = Math.min(last, firstOf(log.journal) - 1);
    }
    return this.#sql.remove.run(last).changes === rowsPerSlice;
  }

  /** Moves the lines of a log whose head is damaged to its chunks, from wherever they are in the journal. */
  #keepLines(jobId: string): void {
    const log = this.#shapes.of(jobId);
    if (log?.isProven === false) this.#tail.move(log);
  }
}

type Log = LogEnd & HeadRow & { jobId: string };

function prepare({ db }: Connection) {
  return {
    newest: db.prepare<[], number | null>('SELECT max(id) FROM journal').pluck(),
    bytes: db.prepare<[], number | null>('SELECT sum(length(text)) FROM journal').pluck(),
    oldest: db.prepare<[number, number], Log>(`
      SELECT seq, jobs.id AS jobId, ${headColumns} FROM logs JOIN jobs USING (seq)
      WHERE journal_from <= ? ORDER BY journal_from LIMIT ?`),
    setJoined: db.prepare<LogEnd & { checksum: number | null }>(`
      UPDATE logs SET single_first = @single_first, single_rows = 0, journal = NULL,
        journal_from = NULL, checksum = @checksum
      WHERE seq = @seq`),
    lastWaste: db
      .prepare<[number], number | null>(`
        SELECT max(id) FROM (
          SELECT id FROM journal
          WHERE id < (
            SELECT coalesce(min(journal_from), 1 << 62) FROM logs WHERE journal_from IS NOT NULL)
          ORDER BY id LIMIT ?)`)
      .pluck(),
    jobsUpTo: db
      .prepare<[number], string>(`
        SELECT DISTINCT jobs.id FROM journal JOIN jobs USING (seq) WHERE journal.id <= ?`)
      .pluck(),
    remove: db.prepare<[number]>('DELETE FROM journal WHERE id <= ?'),
  };
}
