import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { codeOf } from '../../src/core/errors.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { WriteGroups } from '../../src/store/sqlite/write-groups.ts';

const jobs = 20;

/** A database whose table `torn` has one row that SQLite cannot read, for its page says that it goes on on no page. */
async function withTornRow(path: string): Promise<void> {
  const db = new Sqlite(path);
  db.exec('CREATE TABLE torn (text TEXT); CREATE TABLE lines (job INTEGER, round INTEGER)');
  db.prepare('INSERT INTO torn VALUES (?)').run('torn '.repeat(8000));
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const bytes = await readFile(path);
  const inOverflow = bytes.lastIndexOf('torn torn torn', -pageSize);
  bytes.writeUInt32BE(0x7fffffff, Math.floor(inOverflow / pageSize) * pageSize);
  await writeFile(path, bytes);
}

test('damage that one job meets in a transaction of many takes no line of the others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-groups-'));
  await withTornRow(join(folder, 'groups.db'));
  const connection = new Connection(new Sqlite(join(folder, 'groups.db')), { lockWaitMs: 300 });
  try {
    let now = 0;
    const groups = new WriteGroups(connection, { now: () => now });
    const read = connection.db.prepare('SELECT text FROM torn');
    const add = connection.db.prepare('INSERT INTO lines VALUES (?, ?)');
    const keys = Array.from({ length: jobs }, () => ({}));
    let runs = 0;
    const round = (number: number, torn: number | null) =>
      keys.map((key, job) => {
        const work = () => {
          runs += 1;
          add.run(job, number);
          if (job === torn) read.get();
        };
        return groups.write(key, work, 'unhurried').then(() => 'stored', codeOf);
      });
    await Promise.all(round(0, null));
    now += 60;
    const before = runs;
    const waiting = round(-1, 7);
    expect(runs).toBe(before);
    const answers = await Promise.all(waiting);
    expect(answers).toEqual(keys.map((_, job) => (job === 7 ? 'STORE_UNAVAILABLE' : 'stored')));
    const stored = connection.db.prepare('SELECT job FROM lines WHERE round = -1 ORDER BY job');
    expect(stored.pluck().all()).toEqual([...keys.keys()].filter((job) => job !== 7));
  } finally {
    await connection.close();
    await rm(folder, { recursive: true });
  }
});
