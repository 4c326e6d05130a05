import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, messageOf } from '../../src/core/errors.ts';
import type { JobPatch } from '../../src/core/job.ts';
import type { Store } from '../../src/core/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { sqlitePlace } from './place.ts';
import { batch, knownLine, leasedJob, newJob, numbered } from './samples.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
const children: ChildProcess[] = [];

beforeEach(async () => {
  place = await sqlitePlace({ lockWaitMs: 300 });
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  await place.dispose();
});

const database = () => join(place.dataDir, 'trainyard.db');
const childPath = (name: string) => join(import.meta.dirname, 'children', name);

async function started(
  name: string,
  args: string[],
): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(childPath(name), args);
  children.push(child);
  const [said] = await once(child, 'message');
  return { child, said };
}

describe('a lock that another process holds', () => {
  test('delays writes, not reads and not the event loop', async () => {
    const store = await openSqliteStore({ dataDir: place.dataDir });
    const { job, lease } = await leasedJob(store);
    await store.logs.append(lease, batch(['before']));
    const { child } = await started('lock.ts', [place.dataDir]);
    let appended = false;
    const append = store.logs.append(lease, batch(['after'])).then((head) => {
      appended = true;
      return head;
    });
    const insert = store.jobs.insert(newJob());
    const until = performance.now() + 1000;
    let turns = 0;
    while (performance.now() < until) {
      expect((await store.logs.head(job.id)).total).toBe(1);
      await new Promise(setImmediate);
      turns += 1;
    }
    expect(turns).toBeGreaterThan(20);
    expect(appended).toBe(false);
    child.send('release');
    expect(await append).toMatchObject({ total: 2 });
    expect(await insert).toMatchObject({ created: true });
    await store.close();
  });

  test('ends the wait with a retryable error, and nothing is half done', async () => {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    const { child } = await started('lock.ts', [place.dataDir]);
    const append = () => store.logs.append(lease, batch(['once'], { cursor: 'c' }));
    await expect(append()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('locked'),
    });
    await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.logs.head(job.id)).toMatchObject({ total: 0, cursor: null });
    child.send('release');
    await once(child, 'exit');
    expect(await append()).toMatchObject({ total: 1, cursor: 'c' });
  });

  test('a store that closes meanwhile waits no longer', async () => {
    const store = await openSqliteStore({ dataDir: place.dataDir, lockWaitMs: 60_000 });
    const { lease } = await leasedJob(store);
    const { child } = await started('lock.ts', [place.dataDir]);
    const append = store.logs.append(lease, batch(['x'])).catch(codeOf);
    const closed = store.close();
    expect(await append).toBe('STORE_UNAVAILABLE');
    await closed;
    child.send('release');
    await once(child, 'exit');
  });
});

// The limit on a file's size stands in for a full disk: the same writes fail at the same places.
const canLimit = spawnSync('prlimit', ['--version']).status === 0;
test.skipIf(!canLimit)(
  'no room: writes fail, reads work, and it goes on when there is room',
  async () => {
    const store = await place.open();
    const { job } = await store.jobs.insert(newJob());
    await store.close();
    const child = fork(childPath('full.ts'), [place.dataDir, job.id]);
    children.push(child);
    execFileSync('prlimit', ['--pid', `${child.pid}`, `--fsize=${8 * 1024 * 1024}:unlimited`]);
    const [full] = await once(child, 'message');
    expect(full).toMatchObject({ failure: 'STORE_UNAVAILABLE', cursor: `${full.total}` });
    expect(full.last).toEqual([knownLine(full.total - 1)]);
    execFileSync('prlimit', ['--pid', `${child.pid}`, '--fsize=unlimited:unlimited']);
    child.send('go on');
    const [after] = await once(child, 'message');
    expect(after).toEqual({ check: 'done' });
    const again = await place.open();
    const total = full.total + 5000;
    expect(await again.logs.head(job.id)).toMatchObject({ total, cursor: `${total}` });
    const { lines } = await again.logs.read(job.id, { offset: 0, limit: total, maxChars: 1e9 });
    expect(lines).toEqual(Array.from({ length: total }, (_, line) => knownLine(line)));
  },
);

test('intents and ends wait for the disk, progress does not', async () => {
  const store = await place.open();
  const { job } = await store.jobs.insert(newJob());
  await store.close();
  const again = await place.open();
  // From now on the write-ahead log cannot be flushed by its name.
  await rm(`${database()}-wal`);
  const update = (patch: JobPatch) =>
    again.jobs.update(job.id, () => patch).then(() => null, codeOf);
  expect(await update({ stale: true, providerStatus: 'starting' })).toBeNull();
  expect(await update({ status: 'RUNNING' })).toBe('STORE_UNAVAILABLE');
  expect(await update({ externalId: 'x' })).toBe('STORE_UNAVAILABLE');
  expect(await update({ cancelledAt: 5 })).toBe('STORE_UNAVAILABLE');
});

test('lines that the clock has chosen wait for the disk, others do not', async () => {
  const store = await place.open();
  const { lease } = await leasedJob(store);
  const wal = `${database()}-wal`;
  // From now on the write-ahead log cannot be flushed by its name.
  await store.close();
  const again = await place.open();
  const newer = await again.leases.claim(lease.jobId);
  if (newer === null) throw new Error('a closed store holds no lease');
  await rename(wal, `${wal} away`);
  await again.logs.append(newer, batch(['fetched again as it was']));
  await expect(
    again.logs.append(newer, batch(['a state of a bar'], { isByClock: true })),
  ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await rename(`${wal} away`, wal);
  await again.logs.append(newer, batch(['the next state'], { isByClock: true }));
  expect(await again.logs.head(lease.jobId)).toMatchObject({ total: 3 });
});

test('what the disk did not take is not taken for done when it is tried again', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  const gone = await leasedJob(store);
  await store.close();
  const again = await place.open();
  const newer = await again.leases.claim(job.id);
  if (newer === null) throw new Error('a closed store holds no lease');
  const wal = `${database()}-wal`;
  const calls = [
    () => again.jobs.update(job.id, () => ({ status: 'COMPLETED' })),
    () => again.jobs.delete(gone.job.id),
    () => again.logs.complete(newer),
  ];
  // From now on the write-ahead log cannot be flushed by its name.
  await rename(wal, `${wal} away`);
  for (const call of [...calls, ...calls]) {
    await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  }
  await rename(`${wal} away`, wal);
  for (const call of calls) await call();
  expect(await again.logs.head(job.id)).toMatchObject({ complete: true });
  await expect(again.logs.complete(lease)).rejects.toMatchObject({ code: 'CONFLICT' });
  const events = (await again.jobs.changes(0)).changes.filter(({ jobId }) => jobId === job.id);
  expect(events.map(({ kind }) => kind)).toEqual(['CREATED', 'CHANGED', 'LOG_COMPLETE']);
});

describe('a file that must not be opened', () => {
  async function refused(reason: string): Promise<void> {
    const before = await readFile(database());
    const error = await place.open().then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
    const message = messageOf(error);
    expect(message).toContain(database());
    expect(message).toContain(reason);
    expect(message).not.toContain('\n');
    expect((await readFile(database())).equals(before)).toBe(true);
  }

  async function withLines(): Promise<void> {
    const store = await place.open();
    const { lease } = await leasedJob(store);
    for (let n = 0; n < 20; n++) {
      await store.logs.append(lease, batch(numbered(n * 1000, 1000)));
    }
    await store.close();
  }

  test('no database at all', async () => {
    await writeFile(database(), 'these are my notes\n'.repeat(1000));
    await refused('damaged');
  });

  test('a header that was overwritten', async () => {
    await withLines();
    const file = await open(database(), 'r+');
    await file.write(Buffer.alloc(100, 0xff), 0, 100, 0);
    await file.close();
    await refused('damaged');
  });

  test('pages that were overwritten', async () => {
    await withLines();
    const { size } = await stat(database());
    const file = await open(database(), 'r+');
    await file.write(Buffer.alloc(size - 8192, 0xa5), 0, size - 8192, 8192);
    await file.close();
    await refused('damaged');
  });

  test('a file that was cut off', async () => {
    await withLines();
    const { size } = await stat(database());
    await truncate(database(), Math.floor(size / 2));
    await refused('damaged');
  });

  test('one that a killed process has left with a write-ahead log, which is kept too', async () => {
    await withLines();
    const store = await place.open();
    await store.check();
    const log = await readFile(`${database()}-wal`);
    const main = Buffer.from(await readFile(database()));
    await store.close();
    main.fill(0xa5, 8192);
    await writeFile(database(), main);
    await writeFile(`${database()}-wal`, log);
    await refused('damaged');
    expect((await readFile(`${database()}-wal`)).equals(log)).toBe(true);
  });

  test('a large one whose end was overwritten; on the way, the write-ahead log stays small', async () => {
    const store = await openSqliteStore({ dataDir: place.dataDir, compress: false });
    const { lease } = await leasedJob(store);
    const lines = Array.from({ length: 5000 }, (_, line) => `${line} ${'x'.repeat(1000)}`);
    for (let n = 0; n < 15; n++) await store.logs.append(lease, batch(lines));
    expect((await stat(`${database()}-wal`)).size).toBeLessThan(16 * 1024 * 1024);
    await store.close();
    await (await place.open()).close();
    const { size } = await stat(database());
    expect(size).toBeGreaterThan(64 * 1024 * 1024);
    const file = await open(database(), 'r+');
    await file.write(Buffer.alloc(size / 2, 0xa5), 0, size / 2, size / 2);
    await file.close();
    await refused('damaged');
  });

  test('a store of a later release', async () => {
    await withLines();
    const db = new Sqlite(database());
    db.pragma('user_version = 999');
    db.close();
    await refused('newer release');
  });

  test("another program's database", async () => {
    const db = new Sqlite(database());
    db.exec('CREATE TABLE photos (id INTEGER)');
    db.close();
    await refused("another program's");
  });
});

describe('the data folder', () => {
  test('is made for this user alone', async () => {
    const dataDir = join(place.dataDir, 'deep', 'er');
    const store = await openSqliteStore({ dataDir });
    await store.jobs.insert(newJob());
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(dataDir)) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  test('where it cannot be made, one line says which', async () => {
    await writeFile(join(place.dataDir, 'file'), '');
    const dataDir = join(place.dataDir, 'file', 'data');
    const error = await openSqliteStore({ dataDir }).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
    expect(messageOf(error)).toContain(dataDir);
  });

  test('where the file is a folder, one line says which', async () => {
    await mkdir(database());
    await expect(place.open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(database()),
    });
  });

  test.skipIf(process.getuid?.() === 0)(
    'where it cannot be written, one line says which',
    async () => {
      await chmod(place.dataDir, 0o500);
      const error = await place.open().catch((thrown: unknown) => thrown);
      await chmod(place.dataDir, 0o700);
      expect(codeOf(error)).toBe('STORE_UNAVAILABLE');
      expect(messageOf(error)).toContain(database());
    },
  );
});

describe('the lease of another process', () => {
  test('is kept while it lives, and free at once after it was killed', async () => {
    const store: Store = await place.open({ leaseMs: 60_000 });
    const { job } = await store.jobs.insert(newJob());
    const { child, said } = await started('lease.ts', [place.dataDir, job.id]);
    expect(said).toMatchObject({ jobId: job.id, fence: 1 });
    expect(await store.leases.claim(job.id)).toBeNull();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(await store.leases.claim(job.id)).toMatchObject({ fence: 2 });
  });
});

describe('the lines of a deleted job', () => {
  const count = (table: string): unknown => {
    const db = new Sqlite(database(), { readonly: true });
    const rows = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
    db.close();
    return rows;
  };

  test('give their room back', async () => {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    for (let n = 0; n < 20; n++) {
      await store.logs.append(
        lease,
        batch(Array.from({ length: 5000 }, () => crypto.randomUUID())),
      );
    }
    await store.jobs.delete(job.id);
    await store.close();
    expect((await stat(database())).size).toBeLessThan(256 * 1024);
  });

  test('are removed after the next start where the closing came first', async () => {
    const store = await place.open();
    const { job, lease } = await leasedJob(store);
    for (let n = 0; n < 20; n++) {
      await store.logs.append(
        lease,
        batch(Array.from({ length: 5000 }, () => crypto.randomUUID())),
      );
    }
    const deleted = store.jobs.delete(job.id);
    await new Promise(setImmediate);
    await store.close();
    expect(await deleted).toBe(true);
    expect(count('jobs')).toBe(0);
    expect(count('chunks')).not.toBe(0);
    const again = await place.open();
    const other = await again.jobs.insert(newJob());
    // Waits for its turn behind what was left.
    await again.jobs.delete(other.job.id);
    expect([count('chunks'), count('purges')]).toEqual([0, 0]);
  });
});

test('a scan of a long log lets other work go on', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < 60; n++) {
    await store.logs.append(lease, batch(Array.from({ length: 5000 }, (_, i) => knownLine(i))));
  }
  let turns = 0;
  let scanning = true;
  const count = () => {
    turns += 1;
    if (scanning) setImmediate(count);
  };
  setImmediate(count);
  const maybe = () => false;
  for await (const _ of store.logs.scan(job.id, { from: 0, maybe }));
  scanning = false;
  expect(turns).toBeGreaterThan(3);
});
