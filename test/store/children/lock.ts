// Holds the write lock of the database named by the first argument until its parent sends a message.
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';

const db = new Sqlite(join(process.argv[2] ?? '', 'trainyard.db'));
db.exec('BEGIN EXCLUSIVE');
process.send?.('locked');
process.once('message', () => {
  db.exec('COMMIT');
  db.close();
  process.disconnect();
});
