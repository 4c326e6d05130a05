import { type Filter, filterVersion, openFilter } from '../search-index/filter.ts';
import type { Connection } from './connection.ts';
import type { LogShape } from './log-shape.ts';

/** A stretch of a log with a filter: the lines from `first` up to `end`. The filter is null where it is of no use. */
export interface PlacedSection {
  first: number;
  end: number;
  filter: Filter | null;
}

type Log = Pick<LogShape, 'jobId' | 'seq'>;

/** The sections of logs. A place without one costs those who search it time, and nothing else. */
export class SectionRows {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Pick<Connection, 'db'>) {
    this.#sql = prepare(connection);
  }

  /** Keeps a filter of `lines` lines, unless its job has been deleted meanwhile. */
  put(
    seq: number,
    { first, lines, filter }: { first: number; lines: number; filter: Buffer },
  ): void {
    this.#sql.put.run({ seq, first, lines, version: filterVersion, filter });
  }

  remove(seq: number, first: number): void {
    this.#sql.remove.run({ seq, line: first });
  }

  /** The sections that end behind a line, in order. */
  *from({ jobId, seq }: Log, line: number): Generator<PlacedSection> {
    for (const row of this.#sql.from.iterate({ seq, line })) {
      const section = opened(jobId, row);
      if (section.end > line) yield section;
    }
  }

  /** The sections that begin before a line, the last one first. */
  *before({ jobId, seq }: Log, line: number): Generator<PlacedSection> {
    for (const row of this.#sql.before.iterate({ seq, line })) yield opened(jobId, row);
  }

  /** All sections of this version, in order. */
  *current({ jobId, seq }: Log): Generator<PlacedSection> {
    for (const row of this.#sql.current.iterate({ seq, version: filterVersion })) {
      yield opened(jobId, row);
    }
  }

  /** The first line from `line` on that is in no section of this version. */
  firstWithout(seq: number, line: number): number {
    let at = line;
    for (const { first, lines } of this.#sql.places.iterate({
      seq,
      line,
      version: filterVersion,
    })) {
      if (first > at) break;
      at = Math.max(at, first + lines);
    }
    return at;
  }

  /** Where the next section of this version begins; null where there is none behind a line. */
  nextFirst(seq: number, line: number): number | null {
    return this.#sql.nextFirst.get({ seq, line, version: filterVersion }) ?? null;
  }
}

/** What a filter's checksum covers beside its bytes. */
export function sectionKey(jobId: string, first: number): string {
  return `${jobId} ${first}`;
}

function opened(jobId: string, { first, lines, filter }: SectionRow): PlacedSection {
  const sound = openFilter(filter, sectionKey(jobId, first));
  const counted = sound?.parts.reduce((sum, count) => sum + count, 0);
  return { first, end: first + lines, filter: counted === lines ? sound : null };
}

interface SectionRow {
  first: number;
  lines: number;
  filter: Buffer;
}

interface Place {
  seq: number;
  line: number;
}

function prepare({ db }: Pick<Connection, 'db'>) {
  const columns = 'id & 0xffffffff AS first, lines, filter';
  return {
    put: db.prepare<Omit<SectionRow, 'id'> & { seq: number; version: number }>(`
      INSERT OR REPLACE INTO log_sections (id, lines, version, filter)
      SELECT @seq << 32 | @first, @lines, @version, @filter
      WHERE EXISTS (SELECT 1 FROM logs WHERE seq = @seq)`),
    remove: db.prepare<Place>('DELETE FROM log_sections WHERE id = @seq << 32 | @line'),
    // The section of a line is the last one that begins at or before it, where there is one.
    from: db.prepare<Place, SectionRow>(`
      SELECT ${columns} FROM log_sections
      WHERE id >= coalesce(
          (SELECT max(id) FROM log_sections WHERE id BETWEEN @seq << 32 AND @seq << 32 | @line),
          @seq << 32)
        AND id < (@seq + 1) << 32 ORDER BY id`),
    before: db.prepare<Place, SectionRow>(`
      SELECT ${columns} FROM log_sections
      WHERE id >= @seq << 32 AND id < (@seq << 32 | @line) ORDER BY id DESC`),
    current: db.prepare<{ seq: number; version: number }, SectionRow>(`
      SELECT ${columns} FROM log_sections
      WHERE id >= @seq << 32 AND id < (@seq + 1) << 32 AND version = @version ORDER BY id`),
    // Of filters, the index holds all but their bytes.
    places: db.prepare<Place & { version: number }, Omit<SectionRow, 'filter'>>(`
      SELECT id & 0xffffffff AS first, lines FROM log_sections INDEXED BY log_sections_places
      WHERE id >= coalesce(
          (SELECT max(id) FROM log_sections WHERE id BETWEEN @seq << 32 AND @seq << 32 | @line),
          @seq << 32)
        AND id < (@seq + 1) << 32 AND version = @version ORDER BY id`),
    nextFirst: db
      .prepare<Place & { version: number }, number | null>(`
        SELECT min(id) & 0xffffffff FROM log_sections INDEXED BY log_sections_places
        WHERE id > (@seq << 32 | @line) AND id < (@seq + 1) << 32 AND version = @version`)
      .pluck(),
  };
}
