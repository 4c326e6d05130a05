import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { addSecrets } from '../../src/store/sqlite/add-secrets.ts';
import { sqlitePlace } from './place.ts';
import { batch, leasedJob } from './samples.ts';

const secret = 'hf_SECRETSECRET';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(async () => {
  vi.useRealTimers();
  await place.dispose();
});

/** How often the secret stands in the store's files, whatever these are. */
async function traces(): Promise<number> {
  let found = 0;
  for (const name of await readdir(place.dataDir)) {
    const bytes = await readFile(join(place.dataDir, name));
    found += bytes.toString('latin1').split(secret).length - 1;
  }
  return found;
}

/** Jobs with secrets of all sizes, whose rows grow meanwhile, so that pages are split and filled anew. */
async function jobsWithSecrets(store: Store, count: number) {
  const jobs = [];
  for (let n = 0; n < count; n++) {
    const env = { TOKEN: secret.repeat(1 + ((n * n) % 9) + (n % 10 === 0 ? 3000 : 0)) };
    const leased = await leasedJob(store, { options: { env, gpuType: 'A100' } });
    await store.logs.append(leased.lease, batch([`line of ${n}`]));
    jobs.push(leased.job);
    const earlier = jobs[(n * 7) % jobs.length];
    if (earlier === undefined) continue;
    const notice = { code: 'X', message: 'm'.repeat((n * 131) % 900), url: null, help: [] };
    await store.jobs.update(earlier.id, () => ({ notice }));
  }
  return jobs;
}

const without = (store: Store, id: string) =>
  store.jobs.update(id, () => ({ status: 'CANCELLED', options: { gpuType: 'A100' } }));

test('secrets that a job has no more are in no file of the store, also while it is open', async () => {
  const store = await place.open();
  const jobs = await jobsWithSecrets(store, 400);
  expect(await traces()).toBeGreaterThan(60);
  for (const { id } of jobs) await without(store, id);
  await vi.waitFor(async () => expect(await traces()).toBe(0), { timeout: 10_000, interval: 100 });
  expect((await store.jobs.get(jobs[5]?.id ?? ''))?.options).toEqual({ gpuType: 'A100' });
});

test('secrets of deleted jobs are gone with them; those of the others stay', async () => {
  const store = await place.open();
  const jobs = await jobsWithSecrets(store, 30);
  const [, kept, ...others] = jobs;
  const text = JSON.stringify(kept?.options).split(secret).length - 1;
  for (const { id } of [...jobs.slice(0, 1), ...others]) await store.jobs.delete(id);
  await vi.waitFor(async () => expect(await traces()).toBe(text), {
    timeout: 10_000,
    interval: 100,
  });
});

test('a reader that holds the write-ahead log only delays that', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const store = await place.open();
  const [job] = await jobsWithSecrets(store, 1);
  const reader = new Sqlite(join(place.dataDir, 'trainyard.db'), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM jobs').get();
  await without(store, job?.id ?? '');
  vi.advanceTimersByTime(2000);
  expect(await traces()).toBeGreaterThan(0);
  reader.close();
  vi.advanceTimersByTime(2000);
  expect(await traces()).toBe(0);
});

test('what a crash left of it is removed by the next start, or by the closing', async () => {
  const store = await place.open();
  const [job, other] = await jobsWithSecrets(store, 2);
  await without(store, job?.id ?? '');
  await without(store, other?.id ?? '');
  await place.crash();
  expect(await traces()).toBeGreaterThan(0);
  const again = await place.open();
  expect(await traces()).toBe(0);
  const [third] = await jobsWithSecrets(again, 1);
  const second = await place.open();
  await without(again, third?.id ?? '');
  await again.close();
  expect(await traces()).toBe(0);
  await second.check();
});

test('secrets that an earlier release kept in the rows of jobs are taken out of them', async () => {
  const store = await place.open();
  const options = { env: [{ name: 'TOKEN', value: secret }], gpuType: 'A100' };
  const { job } = await leasedJob(store, { options });
  const { job: plain } = await leasedJob(store, { options: { gpuType: 'B200' } });
  await store.close();
  const db = new Sqlite(join(place.dataDir, 'trainyard.db'));
  db.exec('DROP VIEW whole_jobs; DROP TABLE job_secrets');
  db.prepare('UPDATE jobs SET options = ? WHERE seq = ?').run(JSON.stringify(options), job.seq);
  addSecrets(db);
  db.close();
  const again = await place.open();
  expect((await again.jobs.get(job.id))?.options).toEqual(options);
  expect((await again.jobs.get(plain.id))?.options).toEqual({ gpuType: 'B200' });
  expect(await traces()).toBe(1);
  await without(again, job.id);
  await again.close();
  expect(await traces()).toBe(0);
});
