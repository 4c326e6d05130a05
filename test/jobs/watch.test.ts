import { expect, test } from 'vitest';
import { TrainyardError } from '../../src/core/errors.ts';
import type { JobStore, LogStore } from '../../src/core/store.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { jobTimes } from '../../src/jobs/times.ts';
import { JobWatch, type WatchedChange } from '../../src/jobs/watch/job-watch.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { serverSentEvents } from '../support/clients.ts';
import { replace } from '../support/replace.ts';
import { openTestServer } from '../support/server.ts';

const who = 'token:ada';

test('all who watch the same jobs share one list at each change', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  let lists = 0;
  const store: JobStore = replace(server.store.jobs, {
    list: (options) => {
      lists += 1;
      return server.store.jobs.list(options);
    },
  });
  const changes = new JobChanges(store);
  const jobs = new JobWatch({ changes, logs: server.store.logs });
  const watches = Array.from({ length: 20 }, () =>
    jobs.saved({ filter: { statuses: ['RUNNING'] }, who }),
  );
  const all = jobs.saved({ filter: {}, who });
  expect((await all.next()).value).toMatchObject({ id: job.id, status: 'QUEUED' });
  const coming = watches.map((watch) => watch.next());
  // They have listed what there is once all of them have been told of a first change.
  const other = await server.openLog();
  expect((await all.next()).value?.id).toBe(other.job.id);
  lists = 0;
  await changes.update(job.id, () => ({ status: 'RUNNING' }));
  for (const { value } of await Promise.all(coming)) expect(value?.status).toBe('RUNNING');
  expect((await all.next()).value?.status).toBe('RUNNING');
  expect(lists).toBeLessThanOrEqual(4);
  await Promise.all([all, ...watches].map((watch) => watch.return()));
});

test('watchers read what has changed in turns, not all in one go', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  const waiting: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => waiting.push(resolve));
  const watches = [
    server.jobWatch.one(job.id, turn),
    server.jobWatch.saved({ filter: {}, who, turn }),
  ];
  let told = 0;
  const coming = watches.map(async (watch) => {
    const { value } = await watch.next();
    told += 1;
    return value;
  });
  await expect.poll(() => waiting.length).toBe(2);
  expect(told).toBe(0);
  waiting.shift()?.();
  await expect.poll(() => told).toBe(1);
  waiting.shift()?.();
  for (const value of await Promise.all(coming)) expect(value?.id).toBe(job.id);
  await Promise.all(watches.map((watch) => watch.return()));
});

test('what is listed for one caller is shared with no other', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  const watchers = ['token:ada', 'token:bob'].map((caller) =>
    Array.from({ length: 20 }, () => server.jobWatch.saved({ filter: {}, who: caller })),
  );
  for (let round = 0; round < 2; round += 1) {
    const told = watchers.map((watches) =>
      Promise.all(watches.map(async (watch) => (await watch.next()).value)),
    );
    if (round > 0) await server.store.jobs.update(job.id, () => ({ status: 'RUNNING' }));
    const [ada, bob] = (await Promise.all(told)).map((jobs) => new Set(jobs));
    expect([...(ada ?? [])].filter((listed) => bob?.has(listed))).toEqual([]);
    expect(ada?.size).toBeLessThan(20);
    expect(bob?.size).toBeLessThan(20);
  }
  await Promise.all(watchers.flat().map((watch) => watch.return()));
});

test('what another server changes and deletes is told, and what leaves the filter, once', async () => {
  await using server = await openTestServer();
  const mine = await server.openLog();
  const theirs = await openSqliteStore({ dataDir: server.dataDir });
  const watch = server.jobWatch.all({
    filter: { statuses: ['QUEUED', 'RUNNING'] },
    after: null,
    who,
  });
  const next = async () => (await watch.next()).value;
  expect(await next()).toMatchObject({ job: { id: mine.job.id } });
  await theirs.jobs.update(mine.job.id, () => ({ status: 'RUNNING' }));
  expect(await next()).toMatchObject({ job: { id: mine.job.id, status: 'RUNNING' } });
  await theirs.jobs.update(mine.job.id, () => ({ status: 'COMPLETED' }));
  expect(await next()).toMatchObject({ job: { id: mine.job.id, status: 'COMPLETED' } });
  await theirs.jobs.update(mine.job.id, () => ({ stale: true }));
  await theirs.jobs.delete(mine.job.id);
  expect(await next()).toMatchObject({ deletedJobId: mine.job.id });
  await watch.return();
  await theirs.close();
});

test('whoever resumes with a cursor misses nothing, also over a restart', async () => {
  await using server = await openTestServer();
  const jobs = [await server.openLog(), await server.openLog(), await server.openLog()];
  const [kept, changed, deleted] = jobs.map(({ job }) => job.id);
  const before = server.jobWatch.all({ filter: {}, after: null, who });
  const seen: WatchedChange[] = [];
  for (let n = 0; n < 3; n += 1) seen.push((await before.next()).value as WatchedChange);
  await before.return();
  await server.store.jobs.update(changed ?? '', () => ({ status: 'RUNNING' }));
  await server.store.jobs.delete(deleted ?? '');
  // As a server that has just started: nothing in this process knows of any change.
  const again = new JobWatch({
    changes: new JobChanges(server.store.jobs),
    logs: server.store.logs,
  });
  const after = again.all({ filter: {}, after: seen.at(-1)?.cursor ?? '', who });
  expect((await after.next()).value).toMatchObject({ job: { id: changed, status: 'RUNNING' } });
  const last = (await after.next()).value;
  expect(last).toMatchObject({ deletedJobId: deleted });
  await after.return();
  // Behind the last change nothing comes until something changes.
  const behind = again.all({ filter: {}, after: last?.cursor ?? '', who });
  const coming = behind.next();
  await server.store.jobs.update(kept ?? '', () => ({ stale: true }));
  expect((await coming).value).toMatchObject({ job: { id: kept, stale: true } });
  await behind.return();
});

test('a defect of one who listens is logged; a store that cannot be read is not', async () => {
  await using server = await openTestServer();
  const { job } = await server.openLog();
  let isReadable = true;
  let failures = 0;
  const store: JobStore = replace(server.store.jobs, {
    changes: async (after) => {
      if (!isReadable) {
        failures += 1;
        throw new TrainyardError('STORE_UNAVAILABLE', 'locked');
      }
      return server.store.jobs.changes(after);
    },
  });
  const said: unknown[] = [];
  const silent = () => {};
  const logger = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (facts: object) => said.push(facts),
  };
  const changes = new JobChanges(store, { ...jobTimes, storePollMs: 5 }, logger);
  const defect = new Error('a defect');
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = changes.listen(job.id, () => {
    resolve();
    throw defect;
  });
  await promise;
  await expect.poll(() => said).toEqual([{ err: defect }]);
  isReadable = false;
  // The second reading begins once the first has ended.
  await expect.poll(() => failures).toBeGreaterThan(1);
  leave();
  expect(said).toHaveLength(1);
});

test('a cursor that is none is refused', () => {
  const changes = new JobChanges({} as JobStore);
  const watch = new JobWatch({ changes, logs: {} as LogStore });
  for (const cursor of ['', 'x', '-1', '1e3', '9'.repeat(16)]) {
    expect(() => watch.all({ filter: {}, after: cursor, who })).toThrow(
      'it must be the cursor of a change',
    );
  }
});

test('jobChanged tells saved and deleted jobs, each with a cursor', async () => {
  await using server = await openTestServer();
  const { job, end } = await server.openLog();
  const query = `subscription { jobChanged { __typename
    ... on JobSaved { cursor job { id status } } ... on JobDeleted { cursor deletedJobId } } }`;
  const told: unknown[] = [];
  for await (const { data, errors } of serverSentEvents(server.url, query, {})) {
    expect(errors).toBeUndefined();
    expect(data.jobChanged.cursor).toMatch(/^\d+$/);
    told.push(data.jobChanged);
    if (told.length === 1) await end();
    if (data.jobChanged.job?.status === 'COMPLETED') await server.store.jobs.delete(job.id);
    if (data.jobChanged.deletedJobId) break;
  }
  expect(told).toMatchObject([
    { __typename: 'JobSaved', job: { id: job.id, status: 'QUEUED' } },
    { __typename: 'JobSaved', job: { id: job.id, status: 'COMPLETED' } },
    { __typename: 'JobDeleted', deletedJobId: job.id },
  ]);
});

test('jobChanged tells the same however often its operation comes', async () => {
  await using server = await openTestServer();
  const query = `subscription { jobChanged { __typename
    ... on JobSaved { job { id } } ... on JobDeleted { deletedJobId } } }`;
  const events = serverSentEvents(server.url, query, {});
  const told = async () => (await events.next()).value?.data?.jobChanged;
  let last = '';
  for (let turn = 0; turn < 8; turn += 1) {
    const coming = told();
    last = (await server.openLog()).job.id;
    expect(await coming).toEqual({ __typename: 'JobSaved', job: { id: last } });
  }
  const coming = told();
  await server.store.jobs.delete(last);
  expect(await coming).toEqual({ __typename: 'JobDeleted', deletedJobId: last });
  await events.return();
});

test('whoever does not read for long misses no change of an old job, and no deletion', async () => {
  await using server = await openTestServer();
  const ids: string[] = [];
  for (let n = 0; n < 1300; n += 1) ids.push((await server.openLog()).job.id);
  const deleted = ids.slice(0, 600);
  const changed = ids.slice(600, 1290);
  const watch = server.jobWatch.all({ filter: {}, after: null, who });
  for (let n = 0; n < 200; n += 1) await watch.next();
  for (const id of deleted) await server.store.jobs.delete(id);
  for (const id of changed) await server.store.jobs.update(id, () => ({ status: 'RUNNING' }));
  const missed = new Set([...deleted, ...changed]);
  while (missed.size > 0) {
    const { value } = await watch.next();
    if (!value) throw new Error('the watch has ended');
    missed.delete('job' in value ? value.job.id : value.deletedJobId);
  }
  await watch.return();
});

test('a cursor whose changes are not kept any more is refused, for some would be missed', async () => {
  await using server = await openTestServer();
  await server.openLog();
  const { newest } = await server.store.jobs.changes(0);
  // As one of another store.
  const watch = server.jobWatch.all({ filter: {}, after: `${newest + 1}`, who });
  await expect(watch.next()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('without `after`'),
  });
});
