import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/core/errors.ts';
import type { JobFilter, JobPatch, JobStatus } from '../../src/core/job.ts';
import type { LineNeeds } from '../../src/core/needs.ts';
import type {
  JobListOptions,
  JobOrder,
  JobPlace,
  OrderedJobPage,
  OrderedListOptions,
  ScanOptions,
  ScanStretch,
  Store,
} from '../../src/core/store.ts';
import { curveContract } from './curves.ts';
import { storeModel } from './model.ts';
import type { StorePlace } from './place.ts';
import { batch, claimed, leasedJob, newJob, numbered } from './samples.ts';

/** What every store must do. */
export function storeContract(name: string, openPlace: () => Promise<StorePlace>): void {
  describe(`${name} keeps the store's contract`, () => {
    let place: StorePlace;
    let store: Store;
    beforeEach(async () => {
      place = await openPlace();
      store = await place.open();
    });
    afterEach(() => place.dispose());

    const all = (jobId: string) =>
      store.logs.read(jobId, { offset: 0, limit: 1e6, maxChars: Number.POSITIVE_INFINITY });
    const failure = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

    describe('jobs', () => {
      test('are saved as QUEUED and found again, also after the store was opened anew', async () => {
        const wanted = newJob({
          name: 'Ünïcode 🚂',
          datasetPath: '/data/set',
          config: { epochs: 3, nested: { list: [1, null, 'x'] } },
          options: { gpuType: 'A100' },
          providerKind: 'LOCAL',
          createdBy: 'ada',
          rerunOf: 'another',
        });
        const { job, created } = await store.jobs.insert(wanted);
        expect(created).toBe(true);
        expect(job).toMatchObject({ ...wanted, status: 'QUEUED', stale: false, externalId: null });
        expect(job.updatedAt).toBe(job.createdAt);
        await store.close();
        store = await place.open();
        expect(await store.jobs.get(wanted.id)).toEqual(job);
        expect(await store.jobs.get('unknown')).toBeNull();
      });

      test('are numbered in the order of creation, and numbers are never given again', async () => {
        const first = await store.jobs.insert(newJob());
        const second = await store.jobs.insert(newJob());
        expect(second.job.seq).toBe(first.job.seq + 1);
        await store.jobs.delete(second.job.id);
        expect((await store.jobs.insert(newJob())).job.seq).toBe(second.job.seq + 1);
      });

      test('an idempotency key that is taken brings back the job that holds it', async () => {
        const one = await store.jobs.insert(newJob({ idempotencyKey: 'key' }));
        const other = await place.open();
        const again = await Promise.all([
          store.jobs.insert(newJob({ idempotencyKey: 'key' })),
          other.jobs.insert(newJob({ idempotencyKey: 'key' })),
        ]);
        expect(again.map(({ created }) => created)).toEqual([false, false]);
        expect(again.map(({ job }) => job.id)).toEqual([one.job.id, one.job.id]);
        expect((await store.jobs.list({ limit: 9, filter: {} })).totalCount).toBe(1);
        expect(await other.jobs.findByKey('key')).toEqual(one.job);
        expect(await store.jobs.findByKey('another')).toBeNull();
      });

      test('change in one transaction, and say whether anything changed', async () => {
        const { job } = await store.jobs.insert(newJob());
        const progress = {
          step: 5,
          totalSteps: 10,
          epoch: 0.5,
          totalEpochs: 1,
          percent: 50,
          loss: 0.25,
          lossNotFinite: null,
          learningRate: 1e-5,
          secondsRemaining: null,
        };
        const patch = { status: 'RUNNING', externalId: 'x', progress, startedAt: 5 } as const;
        const changed = await store.jobs.update(job.id, (seen) => {
          expect(seen).toEqual(job);
          return patch;
        });
        expect(changed).toMatchObject({ changed: true, job: patch });
        const same = await store.jobs.update(job.id, () => patch);
        expect(same).toEqual({ changed: false, job: changed?.job });
        const nothing = await store.jobs.update(job.id, () => null);
        expect(nothing).toEqual({ changed: false, job: changed?.job });
        expect(await store.jobs.get(job.id)).toEqual(changed?.job);
        expect(await store.jobs.update('unknown', () => patch)).toBeNull();
      });

      test('a change that throws changes nothing', async () => {
        const { job } = await store.jobs.insert(newJob());
        const change = store.jobs.update(job.id, () => {
          throw new Error('no');
        });
        await expect(change).rejects.toThrow('no');
        expect(await store.jobs.get(job.id)).toEqual(job);
      });

      test('updates from two servers at once are both kept', async () => {
        const { job } = await store.jobs.insert(newJob());
        const other = await place.open();
        const increment = (server: Store) =>
          server.jobs.update(job.id, ({ options }) => ({
            options: { count: Number(options.count ?? 0) + 1 },
          }));
        await Promise.all(Array.from({ length: 20 }, (_, n) => increment(n % 2 ? store : other)));
        expect((await store.jobs.get(job.id))?.options).toEqual({ count: 20 });
      });

      test('a change under an old lease is refused, and nothing is changed', async () => {
        const { job, lease } = await leasedJob(store);
        const driver = { externalId: 'x', status: 'RUNNING' } as const;
        expect(await store.jobs.update(job.id, () => driver, lease)).toMatchObject({
          changed: true,
        });
        await store.leases.release();
        const other = await place.open();
        const newer = await claimed(other, job.id);
        const before = await store.jobs.get(job.id);
        let looked = false;
        const late = store.jobs.update(
          job.id,
          () => {
            looked = true;
            return { status: 'FAILED', externalId: 'y', stale: true };
          },
          lease,
        );
        expect(await failure(late)).toBe('CONFLICT');
        expect(looked).toBe(false);
        expect(await store.jobs.get(job.id)).toEqual(before);
        const now = await other.jobs.update(job.id, () => ({ status: 'COMPLETED' }), newer);
        expect(now?.job.status).toBe('COMPLETED');
        expect(await store.jobs.update('unknown', () => driver, lease)).toBeNull();
      });

      test('a cancel that is asked for outlives the server that was asked', async () => {
        const { job } = await store.jobs.insert(newJob());
        const asked = { cancelRequestedAt: 5, cancelByForce: true, logGivenUpAt: 7 };
        await store.jobs.update(job.id, () => asked);
        await place.crash();
        store = await place.open();
        expect(await store.jobs.get(job.id)).toMatchObject(asked);
        await store.jobs.update(job.id, () => ({ cancelRequestedAt: null, cancelByForce: false }));
        expect(await store.jobs.get(job.id)).toMatchObject({
          cancelRequestedAt: null,
          cancelByForce: false,
        });
      });

      test('a job that is over keeps its status, the rest may change', async () => {
        const { job } = await store.jobs.insert(newJob());
        await store.jobs.update(job.id, () => ({ status: 'CANCELLED' }));
        const late = await store.jobs.update(job.id, () => ({ status: 'RUNNING' }));
        expect(late).toMatchObject({ changed: false, job: { status: 'CANCELLED' } });
        const other = await store.jobs.update(job.id, () => ({ status: 'FAILED', finishedAt: 9 }));
        expect(other).toMatchObject({
          changed: true,
          job: { status: 'CANCELLED', finishedAt: 9 },
        });
      });

      test('are listed newest first, in pages from either end', async () => {
        const seqs: number[] = [];
        for (let n = 0; n < 6; n++) seqs.unshift((await store.jobs.insert(newJob())).job.seq);
        const list = async (options: Omit<JobListOptions, 'filter'>) => {
          const page = await store.jobs.list({ ...options, filter: {} });
          expect(page.totalCount).toBe(6);
          const found = page.jobs.map(({ seq }) => seqs.indexOf(seq));
          return [page.hasPreviousPage, ...found, page.hasNextPage];
        };
        const [, second, , , fifth] = seqs;
        expect(await list({ limit: 2 })).toEqual([false, 0, 1, true]);
        expect(await list({ limit: 3, after: second })).toEqual([true, 2, 3, 4, true]);
        expect(await list({ limit: 9, after: second })).toEqual([true, 2, 3, 4, 5, false]);
        expect(await list({ limit: 9, after: second, before: null })).toHaveLength(6);
        expect(await list({ limit: 2, fromEnd: true })).toEqual([true, 4, 5, false]);
        expect(await list({ limit: 2, before: fifth, fromEnd: true })).toEqual([true, 2, 3, true]);
        expect(await list({ limit: 9, after: second, before: fifth })).toEqual([true, 2, 3, true]);
        expect(await list({ limit: 0 })).toEqual([false, true]);
        expect(await list({ limit: 0, fromEnd: true })).toEqual([true, false]);
        expect(await list({ limit: 2, after: seqs[5] })).toEqual([true, false]);
      });

      test('are filtered by provider, status and text', async () => {
        const add = async (name: string, provider: string, modelName: string) =>
          (await store.jobs.insert(newJob({ name, provider, modelName }))).job.id;
        const plain = await add('Nightly', 'local', 'llama');
        const percent = await add('50%_done\\', 'runpod', 'Mistral');
        const accent = await add('ÜBUNG', 'runpod', 'llama');
        await store.jobs.update(accent, () => ({ status: 'RUNNING' }));
        const matching = async (filter: JobFilter) => {
          const page = await store.jobs.list({ limit: 10, filter });
          expect(page.totalCount).toBe(page.jobs.length);
          return page.jobs.map(({ id }) => id);
        };
        expect(await matching({ providers: ['runpod'] })).toEqual([accent, percent]);
        expect(await matching({ providers: [] })).toEqual([]);
        expect(await matching({ statuses: ['RUNNING', 'FAILED'] })).toEqual([accent]);
        expect(await matching({ search: 'LLAMA' })).toEqual([accent, plain]);
        expect(await matching({ search: 'übung' })).toEqual([accent]);
        expect(await matching({ search: '%_' })).toEqual([percent]);
        expect(await matching({ search: 'n%y' })).toEqual([]);
        expect(await matching({ search: plain.toUpperCase() })).toEqual([plain]);
        expect(await matching({ search: 'mistral', statuses: ['RUNNING'] })).toEqual([]);
        expect(await matching({ search: null, providers: null, statuses: null })).toHaveLength(3);
        expect(await matching({ ids: [plain, accent, 'unknown'] })).toEqual([accent, plain]);
        expect(await matching({ ids: [plain, accent], statuses: ['RUNNING'] })).toEqual([accent]);
        expect(await matching({ ids: [] })).toEqual([]);
      });

      test('are filtered by recipe, tags, pin and time of creation', async () => {
        const add = async (recipe: string, tags: string[]) =>
          (await store.jobs.insert(newJob({ recipe, tags }))).job;
        const plain = await add('default', []);
        const swept = await add('lora', ['sweep', 'lr']);
        const other = await add('lora', ['sweep']);
        const marked = await store.jobs.update(other.id, () => ({ pinned: true }));
        const matching = async (filter: JobFilter) => {
          const page = await store.jobs.list({ limit: 10, filter });
          expect(page.totalCount).toBe(page.jobs.length);
          return page.jobs.map(({ id }) => id);
        };
        expect(marked?.job).toMatchObject({ pinned: true, tags: ['sweep'] });
        expect(await matching({ recipes: ['default', 'none'] })).toEqual([plain.id]);
        expect(await matching({ recipes: [] })).toEqual([]);
        expect(await matching({ tags: ['sweep'] })).toEqual([other.id, swept.id]);
        expect(await matching({ tags: ['lr', 'sweep'] })).toEqual([swept.id]);
        expect(await matching({ tags: ['l'] })).toEqual([]);
        expect(await matching({ tags: [] })).toHaveLength(3);
        const again = (await store.jobs.insert(newJob({ rerunOf: plain.id }))).job;
        expect(await matching({ rerunOf: plain.id })).toEqual([again.id]);
        await store.jobs.delete(again.id);
        expect(await matching({ pinned: true })).toEqual([other.id]);
        expect(await matching({ pinned: false })).toEqual([swept.id, plain.id]);
        const { createdAt } = swept;
        expect(await matching({ createdSince: createdAt })).toContain(swept.id);
        expect(await matching({ createdUntil: createdAt })).not.toContain(swept.id);
        expect(await matching({ createdSince: Date.now() + 60_000 })).toEqual([]);
        expect(await matching({ createdUntil: plain.createdAt })).toEqual([]);
      });

      test('keep what people say of them, and are found by a new name alone', async () => {
        const { job } = await store.jobs.insert(newJob({ name: 'old', note: 'try', tags: ['a'] }));
        expect(job).toMatchObject({ note: 'try', tags: ['a'], pinned: false });
        const said = { name: 'NEW', note: null, tags: ['b', 'c'], pinned: true };
        expect(await store.jobs.update(job.id, () => said)).toMatchObject({ job: said });
        await place.crash();
        store = await place.open();
        expect(await store.jobs.get(job.id)).toMatchObject({ ...said, status: 'QUEUED' });
        const found = async (search: string) =>
          (await store.jobs.list({ limit: 9, filter: { search } })).totalCount;
        expect([await found('new'), await found('old')]).toEqual([1, 0]);
      });

      test('are put in order by their end, their duration or their loss, those without one last', async () => {
        const add = async (patch: JobPatch) => {
          const { job } = await store.jobs.insert(newJob());
          await store.jobs.update(job.id, () => patch);
          return job.id;
        };
        const loss = (value: number) => ({ progress: { ...noProgress, loss: value } });
        const waits = await add({});
        const long = await add({ startedAt: 1000, finishedAt: 9000, ...loss(0.5) });
        const short = await add({ startedAt: 5000, finishedAt: 6000, ...loss(-2) });
        const runs = await add({ startedAt: 4000, ...loss(0.5) });
        const list = async (
          by: JobOrder['by'],
          descending: boolean,
          rest: Partial<OrderedListOptions> = {},
        ) => {
          const page = await store.jobs.listOrdered({
            order: { by, descending },
            limit: 10,
            after: null,
            before: null,
            fromEnd: false,
            filter: {},
            now: 7000,
            ...rest,
          });
          expect(page.totalCount).toBe(4);
          return page;
        };
        const ids = async (...args: Parameters<typeof list>) =>
          (await list(...args)).jobs.map(({ id }) => id);
        expect(await ids('FINISHED', true)).toEqual([long, short, runs, waits]);
        expect(await ids('FINISHED', false)).toEqual([short, long, runs, waits]);
        expect(await ids('DURATION', true)).toEqual([long, runs, short, waits]);
        expect(await ids('LOSS', false)).toEqual([short, runs, long, waits]);
        expect(await ids('LOSS', true)).toEqual([runs, long, short, waits]);
        const walk: string[] = [];
        let after: JobPlace | null = null;
        for (;;) {
          const page: OrderedJobPage = await list('LOSS', true, { limit: 1, after });
          const [job] = page.jobs;
          if (!job) break;
          walk.push(job.id);
          expect(page.hasPreviousPage).toBe(walk.length > 1);
          expect(page.hasNextPage).toBe(walk.length < 4);
          after = { seq: job.seq, value: page.values[0] ?? null };
        }
        expect(walk).toEqual([runs, long, short, waits]);
        expect(await ids('LOSS', true, { limit: 2, fromEnd: true })).toEqual([short, waits]);
        expect(await ids('LOSS', true, { limit: 2, fromEnd: true, before: after })).toEqual([
          long,
          short,
        ]);
      });

      test('are counted by status, those of a filter alone', async () => {
        const add = async (status: JobStatus, provider: string) => {
          const { job } = await store.jobs.insert(newJob({ provider }));
          await store.jobs.update(job.id, () => ({ status }));
        };
        expect(await store.jobs.counts({})).toEqual(new Map());
        await add('RUNNING', 'box');
        await add('RUNNING', 'pods');
        await add('FAILED', 'box');
        expect(await store.jobs.counts({})).toEqual(
          new Map([
            ['RUNNING', 2],
            ['FAILED', 1],
          ]),
        );
        expect(await store.jobs.counts({ providers: ['pods'] })).toEqual(new Map([['RUNNING', 1]]));
      });

      test('what they used is kept beside their log, under the lease alone', async () => {
        const { job, lease } = await leasedJob(store);
        const sample = (step: number, value: number) => [
          { name: 'cpu_cores', step, value, time: 1000 + step, line: -1 },
          { name: 'memory_bytes', step, value: 2 ** 34 + value, time: 1000 + step, line: -1 },
        ];
        for (let step = 0; step < 300; step++) await store.logs.measure(lease, sample(step, 1));
        await store.logs.measure(lease, sample(300, 7));
        const options = { names: ['cpu_cores'], maxPoints: 20 };
        const [cores] = await store.logs.resources(job.id, options);
        expect(cores).toMatchObject({ name: 'cpu_cores', seen: 301 });
        expect(cores?.points.at(-1)).toMatchObject({ step: 300, value: 7, line: -1 });
        expect(await store.logs.metrics(job.id, { names: null, maxPoints: 9 })).toEqual([]);
        expect((await store.logs.head(job.id)).total).toBe(0);
        const stretches = await store.logs.stretches(job.id, {
          of: 'resources',
          name: 'memory_bytes',
          fromStep: 300,
          toStep: 300,
          most: 9,
        });
        expect(stretches.at(-1)?.points.at(-1)?.value).toBe(2 ** 34 + 7);
        await place.crash();
        store = await place.open();
        expect((await store.logs.resources(job.id, options))[0]?.seen).toBe(301);
        const newer = await claimed(store, job.id);
        expect(await failure(store.logs.measure(lease, sample(301, 1)))).toBe('CONFLICT');
        await store.logs.measure(newer, sample(301, 1));
        expect((await store.logs.resources(job.id, options))[0]?.seen).toBe(302);
        await store.jobs.delete(job.id);
        expect(await store.logs.resources(job.id, options)).toEqual([]);
      });

      test('are unfinished until they are over and their log is complete', async () => {
        const over = await leasedJob(store);
        const complete = await leasedJob(store);
        const both = await leasedJob(store);
        await store.jobs.update(over.job.id, () => ({ status: 'FAILED' }));
        await store.logs.complete(complete.lease);
        await store.jobs.update(both.job.id, () => ({ status: 'COMPLETED' }));
        await store.logs.complete(both.lease);
        const ids = (await store.jobs.unfinished()).map(({ id }) => id);
        expect(ids).toEqual([over.job.id, complete.job.id]);
      });

      test('are deleted with all that belongs to them, and nothing else', async () => {
        const gone = await leasedJob(store);
        const kept = await leasedJob(store);
        for (const { lease } of [gone, kept]) {
          await store.logs.append(
            lease,
            batch(numbered(0, 3000), {
              gaps: [{ before: 1, reason: 'lost' }],
              metrics: [{ name: 'loss', step: 1, value: 2, time: 3, line: 0 }],
            }),
          );
        }
        expect(await store.jobs.delete(gone.job.id)).toBe(true);
        expect(await store.jobs.delete(gone.job.id)).toBe(false);
        expect(await store.jobs.get(gone.job.id)).toBeNull();
        expect(await store.logs.head(gone.job.id)).toMatchObject({ total: 0 });
        expect((await all(gone.job.id)).lines).toEqual([]);
        expect(await store.logs.gaps(gone.job.id, { from: 0, to: 9 })).toEqual([]);
        const options = { names: null, maxPoints: 9 };
        expect(await store.logs.metrics(gone.job.id, options)).toEqual([]);
        expect(await failure(store.logs.append(gone.lease, batch(['x'])))).toBe('CONFLICT');
        expect((await all(kept.job.id)).lines).toEqual(numbered(0, 3000));
        expect(await store.logs.gaps(kept.job.id, { from: 0, to: 9 })).toHaveLength(1);
        expect(await store.logs.metrics(kept.job.id, options)).toHaveLength(1);
      });
    });

    describe('changes of jobs', () => {
      const told = async (after: number, at = store) =>
        (await at.jobs.changes(after)).changes.map(({ jobId, kind }) => [jobId, kind]);

      test('are told in order, of every server, also after the store was opened anew', async () => {
        expect(await store.jobs.changes(0)).toEqual({ changes: [], newest: 0, isWhole: true });
        const { job, lease } = await leasedJob(store);
        const other = await place.open();
        await other.jobs.update(job.id, () => ({ status: 'RUNNING', startedAt: 5 }));
        await store.jobs.update(job.id, () => ({ status: 'RUNNING' }));
        await store.jobs.update(job.id, () => ({ status: 'FAILED' }), lease);
        await store.logs.complete(lease);
        const { changes, newest, isWhole } = await store.jobs.changes(0);
        expect(isWhole).toBe(true);
        expect(changes).toMatchObject([
          { jobId: job.id, kind: 'CREATED', status: 'QUEUED' },
          { kind: 'CHANGED', status: 'RUNNING', changed: ['status', 'startedAt'] },
          { kind: 'CHANGED', status: 'FAILED', changed: ['status'] },
          { kind: 'LOG_COMPLETE', status: 'FAILED' },
        ]);
        expect(changes.at(-1)?.seq).toBe(newest);
        await Promise.all([store.close(), other.close()]);
        store = await place.open();
        const second = changes[1]?.seq ?? 0;
        expect(await told(second)).toEqual([
          [job.id, 'CHANGED'],
          [job.id, 'LOG_COMPLETE'],
        ]);
        expect(await told(newest)).toEqual([]);
      });

      test('are not told where the change was refused', async () => {
        const { job, lease } = await leasedJob(store);
        const { newest } = await store.jobs.changes(0);
        await store.leases.claim(job.id);
        await failure(store.jobs.update(job.id, () => ({ stale: true }), lease));
        await failure(store.logs.complete(lease));
        await failure(
          store.jobs.update(job.id, () => {
            throw new Error('no');
          }),
        );
        expect(await told(newest)).toEqual([]);
      });

      test('of a deleted job are one, and numbers are not given again', async () => {
        const { job } = await store.jobs.insert(newJob());
        await store.jobs.update(job.id, () => ({ stale: true }));
        await store.jobs.delete(job.id);
        expect(await told(0)).toEqual([[job.id, 'DELETED']]);
        const { newest } = await store.jobs.changes(0);
        const next = await store.jobs.insert(newJob());
        expect(await told(newest)).toEqual([[next.job.id, 'CREATED']]);
      });

      test('of how far a job is are one, the newest, and the others a hundred', async () => {
        const { job } = await store.jobs.insert(newJob());
        let before = 0;
        const progress = { ...noProgress, step: 0 };
        for (let step = 1; step <= 300; step += 1) {
          const wait = { message: `place ${step}`, position: step, ahead: null, concurrency: 1 };
          await store.jobs.update(job.id, () =>
            step % 2 === 0 ? { progress: { ...progress, step } } : { waitsFor: wait },
          );
          const { newest } = await store.jobs.changes(before);
          expect(newest).toBeGreaterThan(before);
          before = newest;
        }
        expect(await told(0)).toEqual([
          [job.id, 'CREATED'],
          [job.id, 'PROGRESS'],
        ]);
        for (let n = 0; n < 150; n += 1) {
          await store.jobs.update(job.id, () => ({ providerStatus: `${n}` }));
        }
        const { changes, isWhole } = await store.jobs.changes(0);
        expect(changes).toHaveLength(100);
        expect(isWhole).toBe(true);
        expect(changes.every(({ kind }) => kind === 'CHANGED')).toBe(true);
      });

      test('behind a number that was never given: not whole', async () => {
        await store.jobs.insert(newJob());
        const { newest } = await store.jobs.changes(0);
        expect(await store.jobs.changes(newest + 1)).toEqual({
          changes: [],
          newest,
          isWhole: false,
        });
      });
    });

    describe('logs', () => {
      test('number lines densely and keep text, runs, cursor and the state of the collector', async () => {
        const { job, lease } = await leasedJob(store);
        expect(await store.logs.head(job.id)).toEqual({
          total: 0,
          cursor: null,
          collectorState: null,
          complete: false,
        });
        await store.logs.append(lease, {
          lines: ['one', '', 'trailing \r', '\u2028 ünïcode 🚂'],
          runs: [
            { count: 1, time: 1_700_000_000_000, source: 'STDOUT' },
            { count: 2, time: 1_699_999_999_999, source: 'STDERR' },
            { count: 1, time: 1_700_000_000_001, source: null },
          ],
          cursor: 'c1',
          collectorState: 'k1',
        });
        const head = await store.logs.append(lease, {
          lines: ['five'],
          runs: [{ count: 1, time: 1_700_000_000_001, source: null }],
          cursor: 'c2',
          collectorState: null,
        });
        expect(head).toEqual({ total: 5, cursor: 'c2', collectorState: null, complete: false });
        await store.close();
        store = await place.open();
        expect(await store.logs.head(job.id)).toEqual(head);
        expect(await all(job.id)).toEqual({
          first: 0,
          lines: ['one', '', 'trailing \r', '\u2028 ünïcode 🚂', 'five'],
          runs: [
            { count: 1, time: 1_700_000_000_000, source: 'STDOUT' },
            { count: 2, time: 1_699_999_999_999, source: 'STDERR' },
            { count: 2, time: 1_700_000_000_001, source: null },
          ],
        });
      });

      test('an append without lines still moves the cursor', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch([], { cursor: 'on', collectorState: 'it' }));
        expect(await store.logs.head(job.id)).toMatchObject({
          total: 0,
          cursor: 'on',
          collectorState: 'it',
        });
      });

      test('runs that do not cover the lines are refused, and nothing is written', async () => {
        const { job, lease } = await leasedJob(store);
        await expect(store.logs.append(lease, batch(['a'], { runs: [] }))).rejects.toThrow('runs');
        expect(await store.logs.head(job.id)).toMatchObject({ total: 0 });
      });

      test('a line break within a line becomes a visible one, for numbers must stay right', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(['a\nb', 'c']));
        await store.logs.append(lease, batch([...numbered(2, 2000), 'd\n']));
        const { lines } = await all(job.id);
        expect([lines[0], lines[1], lines.at(-1)]).toEqual(['a\u240ab', 'c', 'd\u240a']);
        expect(lines).toHaveLength(2003);
      });

      test('of unknown jobs are empty', async () => {
        expect(await store.logs.head('unknown')).toMatchObject({ total: 0, complete: false });
        expect(await all('unknown')).toEqual({ first: 0, lines: [], runs: [] });
        expect(await store.logs.gaps('unknown', { from: 0, to: 9 })).toEqual([]);
        expect(await store.logs.metrics('unknown', { names: null, maxPoints: 9 })).toEqual([]);
        expect(await stretches(store, 'unknown', { from: 0 })).toEqual([]);
      });

      test('a page holds the lines that were asked for, wherever they lie', async () => {
        const { job, lease } = await leasedJob(store);
        const neighbour = await leasedJob(store);
        for (let first = 0; first < 7000; first += 700) {
          await store.logs.append(lease, batch(numbered(first, 700)));
          await store.logs.append(neighbour.lease, batch(['other']));
        }
        for (const [offset, limit] of [
          [0, 1],
          [0, 7000],
          [999, 2],
          [3210, 1000],
          [6999, 1],
          [6990, 5000],
        ] as const) {
          const page = await store.logs.read(job.id, { offset, limit, maxChars: 1e9 });
          expect(page.lines).toEqual(numbered(offset, Math.min(limit, 7000 - offset)));
          expect(page.first).toBe(offset);
          expect(page.runs.reduce((sum, { count }) => sum + count, 0)).toBe(page.lines.length);
        }
        const past = await store.logs.read(job.id, { offset: 7000, limit: 9, maxChars: 1e9 });
        expect(past).toEqual({ first: 7000, lines: [], runs: [] });
        const none = await store.logs.read(job.id, { offset: 5, limit: 0, maxChars: 1e9 });
        expect(none.lines).toEqual([]);
      });

      test('a page of long lines ends early, after one line at least', async () => {
        const { job, lease } = await leasedJob(store);
        const long = 'x'.repeat(64 * 1024);
        await store.logs.append(lease, batch([long, long, long, 'short']));
        const read = async (offset: number, maxChars: number) =>
          (await store.logs.read(job.id, { offset, limit: 9, maxChars })).lines.length;
        expect(await read(0, 10)).toBe(1);
        expect(await read(0, 2 * long.length)).toBe(2);
        expect(await read(1, 3 * long.length)).toBe(3);
        expect(await read(2, long.length)).toBe(1);
      });

      test('only the newest lease writes', async () => {
        const { job, lease } = await leasedJob(store);
        const newer = await store.leases.claim(job.id);
        if (newer === null) throw new Error('the holder claims again');
        expect(newer.fence).toBeGreaterThan(lease.fence);
        await store.logs.append(newer, batch(['new'], { cursor: 'new' }));
        expect(await failure(store.logs.append(lease, batch(['old'])))).toBe('CONFLICT');
        expect(await failure(store.logs.complete(lease))).toBe('CONFLICT');
        expect((await all(job.id)).lines).toEqual(['new']);
        expect(await store.logs.head(job.id)).toMatchObject({ cursor: 'new', complete: false });
      });

      test('a complete log takes no more lines', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(['last'], { cursor: 'end' }));
        const head = await store.logs.complete(lease);
        expect(head).toEqual({ total: 1, cursor: 'end', collectorState: null, complete: true });
        expect(await failure(store.logs.append(lease, batch(['late'])))).toBe('CONFLICT');
        expect(await store.logs.head(job.id)).toEqual(head);
      });

      test('gaps are found by place, in order', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(numbered(0, 10)));
        const gaps = [
          { before: 0, reason: 'first' },
          { before: 5, reason: 'middle' },
          { before: 10, reason: 'end' },
        ];
        await store.logs.append(lease, batch(numbered(10, 10), { gaps }));
        expect(await store.logs.gaps(job.id, { from: 0, to: 99 })).toEqual([
          { offset: 10, reason: 'first' },
          { offset: 15, reason: 'middle' },
          { offset: 20, reason: 'end' },
        ]);
        expect(await store.logs.gaps(job.id, { from: 11, to: 15 })).toHaveLength(1);
      });

      test('a log that grows by single lines reads like any other', async () => {
        const { job, lease } = await leasedJob(store);
        for (let n = 0; n < 1300; n++) await store.logs.append(lease, batch(numbered(n, 1)));
        expect((await all(job.id)).lines).toEqual(numbered(0, 1300));
        const page = await store.logs.read(job.id, { offset: 1120, limit: 100, maxChars: 1e9 });
        expect(page.lines).toEqual(numbered(1120, 100));
      });

      test('a scan goes over every line once, from any line on', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(numbered(0, 2500)));
        for (let n = 2500; n < 2600; n++) await store.logs.append(lease, batch(numbered(n, 1)));
        for (const from of [0, 1, 1234, 2550, 2600, 9999]) {
          const seen = await stretches(store, job.id, { from });
          expect(seen.flatMap(({ block }) => block?.lines ?? [])).toEqual(
            numbered(from, Math.max(0, 2600 - from)),
          );
          expect(seen[0]?.first ?? from).toBe(from);
        }
      });

      test('a scan does not split what cannot match', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(numbered(0, 5000)));
        const seen = await stretches(store, job.id, {
          from: 10,
          maybe: (text) => text.includes('line 4321\n'),
        });
        const hits = seen.filter(({ block }) => block !== null);
        expect(hits).toHaveLength(1);
        expect(hits[0]?.block?.lines).toContain('line 4321');
        let next = 10;
        for (const { first, count } of seen) {
          expect(first).toBe(next);
          next += count;
        }
        expect(next).toBe(5000);
      });

      test('a scan goes on although lines are appended and joined meanwhile', async () => {
        const { job, lease } = await leasedJob(store);
        for (let n = 0; n < 990; n += 10) await store.logs.append(lease, batch(numbered(n, 10)));
        const texts: string[] = [];
        for await (const { block } of store.logs.scan(job.id, { from: 0 })) {
          texts.push(...(block?.lines ?? []));
          if (texts.length === 50) await store.logs.append(lease, batch(numbered(990, 500)));
        }
        expect(texts).toEqual(numbered(0, 1490));
      });

      test('a scan backwards goes over every line once, from any line on', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(numbered(0, 2500)));
        for (let n = 2500; n < 2600; n++) await store.logs.append(lease, batch(numbered(n, 1)));
        for (const from of [0, 1, 1234, 2550, 2600, 9999]) {
          const seen = await stretches(store, job.id, { from, backwards: true });
          const texts = seen.toReversed().flatMap(({ block }) => block?.lines ?? []);
          expect(texts).toEqual(numbered(0, Math.min(from, 2600)));
          let next = Math.min(from, 2600);
          for (const { first, count, block } of seen) {
            expect(first + count).toBe(next);
            expect(block?.first).toBe(first);
            next = first;
          }
          expect(next).toBe(0);
        }
      });

      test('a scan backwards goes on although lines are appended and joined meanwhile', async () => {
        const { job, lease } = await leasedJob(store);
        for (let n = 0; n < 990; n += 10) await store.logs.append(lease, batch(numbered(n, 10)));
        const texts: string[][] = [];
        for await (const { block } of store.logs.scan(job.id, { from: 990, backwards: true })) {
          texts.unshift(block?.lines ?? []);
          if (texts.length === 5) await store.logs.append(lease, batch(numbered(990, 500)));
        }
        expect(texts.flat()).toEqual(numbered(0, 990));
      });

      test.each([false, true])(
        'a scan (backwards: %s) reads no text of another time or source',
        async (backwards) => {
          const { job, lease } = await leasedJob(store);
          for (let n = 0; n < 4; n += 1) {
            const runs = [{ count: 1000, time: n, source: n === 2 ? ('STDERR' as const) : null }];
            await store.logs.append(lease, batch(numbered(n * 1000, 1000), { runs }));
          }
          const all = { text: null, minLevel: null, since: 0, until: 9, sources: null };
          const from = backwards ? 4000 : 0;
          const read = async (needs: LineNeeds) =>
            (await stretches(store, job.id, { from, backwards, needs }))
              .filter(({ isRead }) => isRead)
              .map(({ first }) => first);
          expect(await read({ ...all, since: 1, until: 2 })).toEqual([1000]);
          expect(await read({ ...all, sources: new Set(['STDERR']) })).toEqual([2000]);
          expect(await read({ ...all, since: 4 })).toEqual([]);
        },
      );

      test('a scan ends when its signal is aborted', async () => {
        const { job, lease } = await leasedJob(store);
        await store.logs.append(lease, batch(numbered(0, 50_000)));
        const leave = new AbortController();
        const scan = async () => {
          for await (const _ of store.logs.scan(job.id, { from: 0, signal: leave.signal })) {
            leave.abort(new Error('enough'));
          }
        };
        await expect(scan()).rejects.toThrow('enough');
      });
    });

    describe('leases', () => {
      test('belong to one server until it gives them back', async () => {
        const other = await place.open();
        const { job, lease } = await leasedJob(store);
        expect(await other.leases.claim(job.id)).toBeNull();
        expect(await store.leases.claim('unknown')).toBeNull();
        await store.leases.release(lease);
        const next = await other.leases.claim(job.id);
        expect(next?.fence).toBeGreaterThan(lease.fence);
        expect(await store.leases.claim(job.id)).toBeNull();
        await other.leases.release();
        expect(await store.leases.claim(job.id)).not.toBeNull();
      });

      test('an old lease that is given back does not end the newer one', async () => {
        const other = await place.open();
        const { job, lease } = await leasedJob(store);
        await store.leases.claim(job.id);
        await store.leases.release(lease);
        expect(await other.leases.claim(job.id)).toBeNull();
      });

      test('of a closed server are free at once', async () => {
        const other = await place.open();
        const { job } = await leasedJob(store);
        await store.close();
        expect(await other.leases.claim(job.id)).not.toBeNull();
      });

      test('end when their server does not renew, and a paused owner that wakes up writes nothing', async () => {
        const paused = await place.open({ leaseMs: 60 });
        const { job, lease } = await leasedJob(paused);
        const other = await place.open({ leaseMs: 60 });
        const taken = await claimed(other, job.id);
        await other.logs.append(taken, batch(['other'], { cursor: 'other' }));
        await paused.leases.renew();
        expect(await failure(paused.logs.append(lease, batch(['paused'])))).toBe('CONFLICT');
        expect((await all(job.id)).lines).toEqual(['other']);
      });

      test('are valid while their server renews, by its own clock, and nobody else has taken them', async () => {
        const here = await place.open({ leaseMs: 60 });
        const { job, lease } = await leasedJob(here);
        const kept = await leasedJob(here);
        expect(here.leases.isValid(lease)).toBe(true);
        const until = performance.now() + 70;
        while (performance.now() < until) await nextTurn();
        // Nobody has taken them, but somebody may have: this server cannot know without asking.
        expect(here.leases.isValid(lease)).toBe(false);
        const other = await place.open({ leaseMs: 60 });
        expect(await other.leases.claim(job.id)).not.toBeNull();
        // Neither a claim nor a renewal makes a lease valid again that another server has taken.
        const another = await leasedJob(here);
        expect(here.leases.isValid(another.lease)).toBe(true);
        expect(here.leases.isValid(lease)).toBe(false);
        await here.leases.renew();
        expect(here.leases.isValid(lease)).toBe(false);
        expect(here.leases.isValid(kept.lease)).toBe(true);
        await here.leases.release(kept.lease);
        expect(here.leases.isValid(kept.lease)).toBe(false);
      });

      test('an older lease of the same server is not valid', async () => {
        const { job, lease } = await leasedJob(store);
        const newer = await claimed(store, job.id);
        expect(store.leases.isValid(lease)).toBe(false);
        expect(store.leases.isValid(newer)).toBe(true);
      });

      test('are kept by a server that renews', async () => {
        const keeper = await place.open({ leaseMs: 500 });
        const other = await place.open({ leaseMs: 500 });
        const { job, lease } = await leasedJob(keeper);
        const until = performance.now() + 700;
        while (performance.now() < until) {
          await keeper.leases.renew();
          expect(await other.leases.claim(job.id)).toBeNull();
          await nextTurn();
        }
        await keeper.logs.append(lease, batch(['kept']));
      });
    });

    storeModel(openPlace);
    curveContract(openPlace);

    test('says whether it can be written, and closes twice', async () => {
      await store.check();
      await store.close();
      await store.close();
      expect(await failure(store.check())).toBe('STORE_UNAVAILABLE');
      expect(await failure(store.jobs.get('x'))).toBe('STORE_UNAVAILABLE');
    });
  });
}

const noProgress = {
  step: null,
  totalSteps: null,
  epoch: null,
  totalEpochs: null,
  percent: null,
  loss: null,
  lossNotFinite: null,
  learningRate: null,
  secondsRemaining: null,
};

async function stretches(
  store: Store,
  jobId: string,
  options: ScanOptions,
): Promise<ScanStretch[]> {
  return Array.fromAsync(store.logs.scan(jobId, options));
}
