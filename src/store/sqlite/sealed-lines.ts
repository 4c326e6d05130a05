import type { Chunk } from '../chunk.ts';
import { chunksPerSection } from '../search-index/build.ts';
import type { Connection } from './connection.ts';
import { isDamage } from './errors.ts';
import { type HeadRow, headColumns, isSoundHead } from './head-row.ts';
import { LogRows } from './log-rows.ts';
import type { LogShape } from './log-shape.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';
import type { SectionRows } from './section-rows.ts';

/** At the end of a log, and beside damaged lines, fewer chunks than this make no section: they are soon read. */
const minChunks = 8;

/** Lines that will not change and that are in no section yet. */
export interface SealedSection {
  jobId: string;
  first: number;
  lines: number;
  chunks: Chunk[];
}

/** Finds what the next section of a log is to be made of. */
export class SealedLines {
  readonly #connection: Connection;
  readonly #rows: LogRows;
  readonly #sections: SectionRows;
  readonly #sql: ReturnType<typeof prepare>;
  /** Where to look on in each log: all before has a section, or cannot have one. */
  readonly #places = new Map<number, number>();

  constructor(connection: Connection, sections: SectionRows) {
    this.#connection = connection;
    this.#rows = new LogRows(connection);
    this.#sections = sections;
    this.#sql = prepare(connection);
  }

  /** The next section of a log, of one moment; null where not enough lines are sealed. */
  next(seq: number): SealedSection | null {
    return this.#connection.db.transaction(() => {
      const log = this.#log(seq);
      const section = log && this.#next(log);
      // A log that grows is asked for again, soon; of all others, nothing need be kept.
      if (section === null && log?.complete !== false) this.#places.delete(seq);
      return section;
    })();
  }

  /** Looks through a log from its beginning next time. */
  forget(seq: number): void {
    this.#places.delete(seq);
  }

  /** Null where the head is damaged, too: what it says of its lines is not to be trusted. */
  #log(seq: number): Log | null {
    const row = this.#sql.log.get(seq);
    if (row === undefined || !isSoundHead(row.jobId, row)) return null;
    const { journal = null } = row;
    return { ...row, seq, journal, complete: row.complete === 1, isProven: true };
  }

  #next(log: Log): SealedSection | null {
    const { seq, jobId, tail_first } = log;
    let at = this.#places.get(seq) ?? 0;
    for (;;) {
      at = this.#sections.firstWithout(seq, at);
      this.#places.set(seq, at);
      if (at >= tail_first) return null;
      const end = Math.min(this.#sections.nextFirst(seq, at) ?? tail_first, tail_first);
      const { chunks, next, isFull } = this.#chunks(log, at, end);
      const lines = next - at;
      if (isFull || (chunks.length >= minChunks && (next < tail_first || log.complete))) {
        return { jobId, first: at, lines, chunks };
      }
      // More is to come.
      if (next === tail_first) return null;
      // Up to what is damaged, or to the next section, there are too few.
      at = next < end ? (this.#rows.nextFirst(log, next) ?? tail_first) : next;
    }
  }

  /** The sound chunks from a line on, as many as make a section; ends before damaged ones. */
  #chunks(log: Log, first: number, end: number) {
    const chunks: PlacedChunk[] = [];
    let next = first;
    try {
      for (const chunk of this.#rows.span(log, { line: first, end })) {
        const isNext = chunk.first === next && chunk.first + chunk.count <= end;
        if (!isNext || !isSound(log.jobId, chunk)) break;
        chunks.push(chunk);
        next += chunk.count;
        if (chunks.length === chunksPerSection) break;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return { chunks, next, isFull: chunks.length === chunksPerSection };
  }
}

type Log = LogShape & Pick<HeadRow, 'tail_first'>;

function prepare({ db }: Connection) {
  return {
    log: db.prepare<[number], HeadRow & { jobId: string }>(`
      SELECT jobs.id AS jobId, ${headColumns} FROM logs JOIN jobs USING (seq) WHERE seq = ?`),
  };
}
