import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Lease } from '../../src/core/store.ts';
import { Supervisor } from '../../src/jobs/drive/supervisor.ts';
import { untilOver } from '../../src/jobs/drive/until-over.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { GrowingLines } from '../../src/logs/growing-lines.ts';
import { UnstoredLogs } from '../../src/logs/unstored-logs.ts';
import { sqlitePlace } from '../store/place.ts';
import { newJob } from '../store/samples.ts';
import { LogCapture } from '../support/log-capture.ts';
import { replace } from '../support/replace.ts';

test('leases are renewed while a claim is still waited for', async () => {
  const place = await sqlitePlace();
  const store = await place.open({ leaseMs: 40 });
  const { job } = await store.jobs.insert(newJob({ provider: 'gone' }));
  // Over without ever having run: it needs a lease to be finished, and no provider.
  await store.jobs.update(job.id, () => ({ status: 'CANCELLED' }));
  const claim = Promise.withResolvers<Lease | null>();
  let renewed = 0;
  const leases = replace(store.leases, {
    claim: () => claim.promise,
    renew: async () => {
      renewed += 1;
      await store.leases.renew();
    },
  });
  const supervisor = new Supervisor({
    store: replace(store, { leases }),
    changes: new JobChanges(store.jobs),
    providers: new Providers([]),
    growing: new GrowingLines(),
    unstored: new UnstoredLogs(),
    advanced: () => {},
    logger: new LogCapture().logger,
  });
  supervisor.start();
  await expect.poll(() => renewed).toBeGreaterThan(5);
  claim.resolve(null);
  await supervisor.close();
  await place.dispose();
});

test('jobs that nobody drives any more are looked for at least twice a lease', async () => {
  const place = await sqlitePlace();
  const store = await place.open({ leaseMs: 40 });
  let looks = 0;
  let renewed = 0;
  const supervisor = new Supervisor({
    store: replace(store, {
      leases: replace(store.leases, {
        renew: async () => {
          renewed += 1;
        },
      }),
      jobs: replace(store.jobs, {
        unfinished: async () => {
          looks += 1;
          return [];
        },
      }),
    }),
    changes: new JobChanges(store.jobs),
    providers: new Providers([]),
    growing: new GrowingLines(),
    unstored: new UnstoredLogs(),
    advanced: () => {},
    logger: new LogCapture().logger,
  });
  supervisor.start();
  await expect.poll(() => renewed).toBeGreaterThan(40);
  await supervisor.close();
  await place.dispose();
  // A lease is renewed four times within its length, on a busy machine less often, and so is looked.
  expect(looks).toBeGreaterThanOrEqual(renewed / 2);
});

test('a job whose log is damaged in the store keeps no other job from being taken up', async () => {
  const place = await sqlitePlace();
  const store = await place.open();
  const jobs = await Promise.all([0, 1].map(() => store.jobs.insert(newJob({ provider: 'gone' }))));
  for (const { job } of jobs) await store.jobs.update(job.id, () => ({ status: 'CANCELLED' }));
  const [damaged, other] = jobs.map(({ job }) => job.id);
  if (damaged === undefined || other === undefined) throw new Error('two jobs were inserted');
  const db = new Sqlite(join(place.dataDir, 'trainyard.db'));
  db.prepare('UPDATE logs SET total = 7 WHERE seq = 1').run();
  db.close();
  const log = new LogCapture();
  const supervisor = new Supervisor({
    store,
    changes: new JobChanges(store.jobs),
    providers: new Providers([]),
    growing: new GrowingLines(),
    unstored: new UnstoredLogs(),
    advanced: () => {},
    logger: log.logger,
  });
  supervisor.start();
  await expect.poll(async () => (await store.logs.head(other)).complete).toBe(true);
  expect(log.text).toContain(`the log of job ${damaged} is damaged`);
  await supervisor.close();
  await place.dispose();
});

test('an end that another server saves is seen by whoever waits for it', async () => {
  const place = await sqlitePlace();
  const [here, there] = [await place.open(), await place.open()];
  const { job } = await here.jobs.insert(newJob());
  const over = untilOver(job.id, new JobChanges(here.jobs), new AbortController().signal);
  await there.jobs.update(job.id, () => ({ status: 'LOST' }));
  await over;
  await place.dispose();
});
