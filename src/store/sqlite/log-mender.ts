import type { SourceLines } from '../../core/store.ts';
import { chunkChecksum } from '../checksum.ts';
import { type Chunk, rawChunk, zstdChunk } from '../chunk.ts';
import type { Connection } from './connection.ts';
import { isSound, type PlacedChunk } from './placed-chunk.ts';

/** Puts damaged lines back that are fetched again from where they came from. */
export class LogMender {
  readonly #connection: Connection;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#connection = connection;
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
      this.#sql.restore.run(count, encoding, bytes, text, now.seq, now.row.first);
      return true;
    });
  }

  /** The damaged row that a line is in, with the count of lines that it must hold: those up to the next row. */
  #damagedAt(jobId: string, line: number) {
    const log = this.#sql.log.get(jobId);
    if (log === undefined || line >= log.total) return null;
    const { seq, total } = log;
    const row = this.#sql.row.get({ seq, line });
    if (row === undefined || isSound(jobId, row) || !Buffer.isBuffer(row.runs)) return null;
    const next = this.#sql.nextFirst.get({ seq, line: row.first }) ?? total;
    return { seq, row, count: next - row.first };
  }
}

/** The lines as the chunk that was stored, where its checksum says so; null where they are others. */
function sameAsStored(jobId: string, row: PlacedChunk, texts: string[]): Chunk | null {
  for (const made of [zstdChunk, rawChunk]) {
    const chunk = { ...made({ texts, runs: [] }), runs: row.runs };
    if (chunkChecksum(jobId, row.first, chunk) === row.checksum) return chunk;
  }
  return null;
}

interface Place {
  seq: number;
  line: number;
}

function prepare({ db }: Connection) {
  return {
    log: db.prepare<[string], { seq: number; total: number }>(
      'SELECT seq, total FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)',
    ),
    row: db.prepare<Place, PlacedChunk>(`
      SELECT id & 0xffffffff AS first, count, encoding, bytes, runs, text, checksum FROM chunks
      WHERE id BETWEEN @seq << 32 AND (@seq << 32) | @line ORDER BY id DESC LIMIT 1`),
    nextFirst: db
      .prepare<Place, number | null>(`
        SELECT min(id) & 0xffffffff FROM chunks
        WHERE id > (@seq << 32) | @line AND id < (@seq + 1) << 32`)
      .pluck(),
    restore: db.prepare<[number, number, number, Buffer, number, number]>(
      'UPDATE chunks SET count = ?, encoding = ?, bytes = ?, text = ? WHERE id = (? << 32) | ?',
    ),
  };
}
