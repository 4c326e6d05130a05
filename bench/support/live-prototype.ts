import { constants, zstdCompressSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';

const fullChunk = { bytes: 128 * 1024, lines: 1000 };

/**
 * The writes of a live log with bare prepared statements and nothing around them: a raw row a flush,
 * joined into one compressed chunk as soon as they make 1000 lines, and a head that is moved each time.
 */
export function openLivePrototype(path: string): {
  append(lines: readonly string[], cursor: string): void;
  close(): void;
} {
  const db = new Sqlite(path);
  // The store's own settings.
  db.pragma('page_size = 8192');
  db.pragma('auto_vacuum = INCREMENTAL');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('wal_autocheckpoint = 1024');
  db.exec(`
    CREATE TABLE chunks (id INTEGER PRIMARY KEY, count INTEGER, encoding INTEGER, text BLOB);
    CREATE TABLE head (id INTEGER PRIMARY KEY, total INTEGER, cursor TEXT);
    INSERT INTO head VALUES (1, 0, NULL)`);
  const insert = db.prepare('INSERT INTO chunks VALUES ((1 << 32) | ?, ?, ?, ?)');
  const advance = db.prepare('UPDATE head SET total = ?, cursor = ? WHERE id = 1');
  const tail = db
    .prepare<[number], Buffer>('SELECT text FROM chunks WHERE id >= (1 << 32) | ? ORDER BY id')
    .pluck();
  const removeTail = db.prepare('DELETE FROM chunks WHERE id >= (1 << 32) | ?');
  const lineEnd = Buffer.from('\n');
  let total = 0;
  let tailFirst = 0;
  let tailBytes = 0;

  const write = db.transaction((lines: readonly string[], cursor: string) => {
    const text = Buffer.from(lines.join('\n'));
    const count = total - tailFirst + lines.length;
    if (tailBytes + text.length < fullChunk.bytes && count < fullChunk.lines) {
      insert.run(total, lines.length, 0, text);
      tailBytes += text.length;
    } else {
      const parts = tail.all(tailFirst).flatMap((part) => [part, lineEnd]);
      const chunk = zstdCompressSync(Buffer.concat([...parts, text]), {
        params: { [constants.ZSTD_c_compressionLevel]: 1 },
      });
      removeTail.run(tailFirst);
      insert.run(tailFirst, count, 1, chunk);
      tailFirst = total + lines.length;
      tailBytes = 0;
    }
    total += lines.length;
    advance.run(total, cursor);
  });
  return {
    append: (lines, cursor) => write.immediate(lines, cursor),
    close: () => db.close(),
  };
}
