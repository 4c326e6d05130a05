import type { SourceLines } from '../../core/store.ts';
import { chunkChecksum } from '../checksum.ts';
import { type Chunk, rawChunk, zstdChunk } from '../chunk.ts';
import type { Connection } from './connection.ts';
import { LogRows } from './log-rows.ts';
import { LogShapes } from './log-shape.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** Puts damaged lines back that are fetched again from where they came from. */
export class LogMender {
  readonly #connection: Connection;
  readonly #shapes: LogShapes;
  readonly #rows: LogRows;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#shapes = new LogShapes(connection);
    this.#rows = new LogRows(connection);
    this.#sql = prepare(connection);
  }

  /** As `LogStore.mend` promises: the checksum that was stored proves that the lines are the same. */
  async mend(jobId: string, line: number, fetch: SourceLines): Promise<boolean> {
    const damaged = await this.#connection.read(() => this.#damagedAt(jobId, line));
    if (damaged === null) return false;
    const texts = await fetch({ first: damaged.row.first, count: damaged.count });
    if (texts?.length !== damaged.count) return false;
    return this.#connection.write(() => {
      const now = this.#damagedAt(jobId, line);
      if (now?.row.first !== damaged.row.first) return false;
      const chunk = sameAsStored(jobId, now.row, texts);
      if (chunk === null) return false;
      const { count, encoding, bytes, text } = chunk;
      if (now.row.id !== undefined) this.#sql.restoreNew.run(count, bytes, text, now.row.id);
      else this.#sql.restore.run(count, encoding, bytes, text, now.seq, now.row.first);
      return true;
    });
  }

  /** The damaged row that a line is in, with the count of lines that it must hold: those up to the next row. */
  #damagedAt(jobId: string, line: number) {
    const log = this.#shapes.of(jobId);
    if (log === undefined || line >= log.total) return null;
    const { seq, total } = log;
    const row = this.#rows.at(log, line);
    if (row === undefined || isSound(jobId, row) || !Buffer.isBuffer(row.runs)) return null;
    const next = this.#rows.nextFirst(log, row.first) ?? total;
    return { seq, row, count: next - row.first };
  }
}

/** The lines as the chunk that was stored, where its checksum says so; null where they are others. */
function sameAsStored(jobId: string, row: PlacedChunk, texts: string[]): Chunk | null {
  for (const made of [zstdChunk, rawChunk]) {
    const chunk = { ...made({ lines: texts, runs: [] }), runs: row.runs };
    if (chunkChecksum(jobId, row.first, chunk) === row.checksum) return chunk;
  }
  return null;
}

function prepare({ db }: Connection) {
  return {
    restore: db.prepare<[number, number, number, Buffer, number, number]>(
      'UPDATE chunks SET count = ?, encoding = ?, bytes = ?, text = ? WHERE id = (? << 32) | ?',
    ),
    restoreNew: db.prepare<[number, number, Buffer, number]>(
      'UPDATE journal SET count = ?, bytes = ?, text = ? WHERE id = ?',
    ),
  };
}
