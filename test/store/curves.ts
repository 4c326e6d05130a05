import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stretch } from '../../src/core/curve.ts';
import type { MetricPoint } from '../../src/core/log.ts';
import type { Lease, Store } from '../../src/core/store.ts';
import type { StorePlace } from './place.ts';
import { batch, claimed, leasedJob, newJob } from './samples.ts';

const everything = { fromStep: Number.NEGATIVE_INFINITY, toStep: Number.POSITIVE_INFINITY };

/** What every store must keep of a job's metrics. */
export function curveContract(openPlace: () => Promise<StorePlace>): void {
  describe('metrics', () => {
    let place: StorePlace;
    let store: Store;
    beforeEach(async () => {
      place = await openPlace();
      store = await place.open();
    });
    afterEach(() => place.dispose());

    const point = (step: number, name = 'loss', value = step / 2): MetricPoint => ({
      name,
      step,
      value,
      time: 1_700_000_000_000 + step,
      line: step + 7,
    });
    const add = (lease: Lease, metrics: MetricPoint[]) =>
      store.logs.append(lease, batch([], { metrics }));
    const points = async (jobId: string, maxPoints: number) => {
      const [first] = await store.logs.metrics(jobId, { names: null, maxPoints });
      return first?.points ?? [];
    };

    test('come in order of first appearance, by name, with their lines, NaN too', async () => {
      const { job, lease } = await leasedJob(store);
      await add(lease, [point(1), point(1, 'accuracy')]);
      await add(lease, [point(2), point(3, 'loss', Number.NaN)]);
      const series = await store.logs.metrics(job.id, { names: null, maxPoints: 10 });
      expect(series.map(({ name, seen }) => [name, seen])).toEqual([
        ['loss', 3],
        ['accuracy', 1],
      ]);
      const broken = { at: 2, step: 3, value: Number.NaN, time: 1_700_000_000_003, line: 10 };
      expect(series[0]?.points).toEqual([
        { at: 0, step: 1, value: 0.5, time: 1_700_000_000_001, line: 8 },
        { at: 1, step: 2, value: 1, time: 1_700_000_000_002, line: 9 },
        broken,
      ]);
      expect(series[0]?.breaks).toEqual([broken]);
      const one = await store.logs.metrics(job.id, { names: ['accuracy', 'x'], maxPoints: 10 });
      expect(one.map(({ name }) => name)).toEqual(['accuracy']);
    });

    test('of a long run show one spike and one NaN at any zoom, by their lines', async () => {
      const { job, lease } = await leasedJob(store);
      const value = (step: number) => {
        if (step === 31_234) return 9.75;
        return step === 40_001 ? Number.NaN : 2 / Math.sqrt(step);
      };
      for (let first = 1; first <= 50_000; first += 500) {
        await add(
          lease,
          Array.from({ length: 500 }, (_, n) => point(first + n, 'loss', value(first + n))),
        );
      }
      for (const maxPoints of [3, 10, 500, 4000]) {
        const [loss] = await store.logs.metrics(job.id, { names: null, maxPoints });
        expect(loss?.seen).toBe(50_000);
        expect(loss?.points.length).toBeLessThanOrEqual(maxPoints);
        expect(loss?.points).toContainEqual(expect.objectContaining({ value: 9.75, line: 31_241 }));
        expect(loss?.points.at(-1)?.step).toBe(50_000);
        expect(loss?.breaks).toEqual([expect.objectContaining({ step: 40_001, line: 40_008 })]);
      }
      for (const most of [1, 3, 100, 4000]) {
        const options = { name: 'loss', ...everything, most };
        const stretches = await store.logs.stretches(job.id, options);
        expect(stretches.length).toBeLessThanOrEqual(most);
        expect(stretches.flatMap((stretch) => stretch.points)).toContainEqual(
          expect.objectContaining({ value: 9.75, line: 31_241 }),
        );
        expect(stretches.reduce((sum, { notFinite }) => sum + notFinite, 0)).toBe(1);
      }
    });

    test('show every extreme and every value that is not finite, wherever they stand', async () => {
      const count = 50_000;
      const odd = [9.75, -9.75, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const places = fc.uniqueArray(fc.nat(count - 1), { minLength: 5, maxLength: 5 });
      const zoom = fc.integer({ min: 2, max: 4000 });
      await fc.assert(
        fc.asyncProperty(places, zoom, async (at, maxPoints) => {
          const { job, lease } = await leasedJob(store);
          const oddAt = new Map(at.map((step, n) => [step, odd[n] ?? 0]));
          for (let first = 0; first < count; first += 5000) {
            const steps = Array.from({ length: 5000 }, (_, n) => first + n);
            await add(
              lease,
              steps.map((step) => point(step, 'loss', oddAt.get(step) ?? 2 / Math.sqrt(step + 1))),
            );
          }
          const [loss] = await store.logs.metrics(job.id, { names: null, maxPoints });
          const shown = new Set(loss?.points.map(({ value, line }) => `${value} ${line}`));
          if (maxPoints >= 3) {
            expect(shown).toContain(`9.75 ${(at[0] ?? 0) + 7}`);
            expect(shown).toContain(`-9.75 ${(at[1] ?? 0) + 7}`);
          }
          const breaks = new Set(loss?.breaks.map(({ line }) => line));
          const options = { name: 'loss', ...everything, most: maxPoints };
          const stretches = await store.logs.stretches(job.id, options);
          expect(stretches.reduce((sum, { notFinite }) => sum + notFinite, 0)).toBe(3);
          for (const step of at.slice(2)) {
            const stretch = stretches.find(
              ({ index, count: length }) => step >= index && step < index + length,
            );
            const line = stretch?.points.find(({ value }) => !Number.isFinite(value))?.line;
            // The first of its stretch stands for those that follow it.
            expect(line).toBeLessThanOrEqual(step + 7);
            expect(breaks.size).toBeGreaterThan(0);
          }
        }),
        { numRuns: 3 },
      );
    });

    test('of a long run are spread evenly, in bounded room, with the last point kept', async () => {
      const { job, lease } = await leasedJob(store);
      for (let step = 0; step < 30_000; step += 1000) {
        await add(
          lease,
          Array.from({ length: 1000 }, (_, index) => point(step + index)),
        );
      }
      for (const maxPoints of [1, 2, 500, 1_000_000]) {
        const steps = (await points(job.id, maxPoints)).map(({ step }) => step);
        expect(steps.length).toBeLessThanOrEqual(Math.min(maxPoints, 3 * 4160));
        expect(steps.at(-1)).toBe(29_999);
        const gaps = steps.slice(1).map((step, index) => step - (steps[index] ?? 0));
        const evenGap = 30_000 / Math.min(maxPoints - 1, 2048);
        expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(4 * evenGap);
      }
    });

    test('between two steps are told as finely as they are kept', async () => {
      const { job, lease } = await leasedJob(store);
      await add(
        lease,
        Array.from({ length: 3000 }, (_, step) => point(step)),
      );
      const some = await store.logs.stretches(job.id, {
        name: 'loss',
        fromStep: 1000,
        toStep: 1099,
        most: 100,
      });
      expect(some.map(({ index, count }) => [index, count])).toEqual(
        Array.from({ length: 100 }, (_, n) => [1000 + n, 1]),
      );
      const none = { name: 'other', ...everything, most: 9 };
      expect(await store.logs.stretches(job.id, none)).toEqual([]);
      expect(await store.logs.stretches('unknown', none)).toEqual([]);
    });

    test('that grow keep what was drawn: a stretch that is full stays as it is', async () => {
      const { job, lease } = await leasedJob(store);
      const seen = new Map<string, Stretch>();
      for (let first = 0; first < 12_000; first += 37) {
        await add(
          lease,
          Array.from({ length: 37 }, (_, n) =>
            point(first + n, 'loss', Math.sin((first + n) ** 2)),
          ),
        );
        if (first % 111 !== 0) continue;
        const options = { name: 'loss', ...everything, most: 300 };
        for (const stretch of await store.logs.stretches(job.id, options)) {
          // Full: as long as a power of two, at a multiple of that.
          if (!Number.isInteger(Math.log2(stretch.count)) || stretch.index % stretch.count)
            continue;
          const key = `${stretch.index} ${stretch.count}`;
          expect(stretch).toEqual(seen.get(key) ?? stretch);
          seen.set(key, stretch);
        }
      }
      expect(seen.size).toBeGreaterThan(600);
    });

    test('of more than 64 names are bounded to the first ones', async () => {
      const { job, lease } = await leasedJob(store);
      const metrics = Array.from({ length: 100 }, (_, n) => point(1, `metric ${n}`));
      await add(lease, metrics);
      const series = await store.logs.metrics(job.id, { names: null, maxPoints: 10 });
      expect(series.map(({ name }) => name)).toEqual(metrics.slice(0, 64).map(({ name }) => name));
    });

    test('of an append that is refused are not kept', async () => {
      const { job, lease } = await leasedJob(store);
      await add(lease, [point(1)]);
      await claimed(store, job.id);
      await expect(add(lease, [point(2)])).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await points(job.id, 9)).toHaveLength(1);
    });
  });

  test('any order of metrics, starts and crashes is kept as one list of values would be', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), follow), {
      numRuns: 12,
      endOnFailure: true,
    });
  });

  async function follow(steps: readonly Step[]): Promise<void> {
    const place = await openPlace();
    try {
      let store = await place.open({ leaseMs: 1 });
      const { job } = await store.jobs.insert(newJob());
      let lease = await claimed(store, job.id);
      const all = new Map<string, MetricPoint[]>();
      for (const action of steps) {
        if (action.do === 'add') {
          const metrics = Array.from({ length: action.count }, (_, n): MetricPoint => {
            const name = `m${n % action.series}`;
            const values = all.get(name) ?? [];
            all.set(name, values);
            const value = action.values[n % action.values.length] ?? 0;
            const at = { step: values.length * 3, time: 5 - n, line: n };
            values.push({ name, value, ...at });
            return { name, value, ...at };
          });
          await store.logs.append(lease, batch([], { metrics }));
        } else {
          if (action.do === 'crash') await place.crash();
          else await store.close();
          store = await place.open({ leaseMs: 1 });
          lease = await claimed(store, job.id);
        }
      }
      const names = (await store.logs.metrics(job.id, { names: null, maxPoints: 9 })).map(
        ({ name, seen }) => [name, seen],
      );
      expect(names).toEqual([...all].map(([name, values]) => [name, values.length]));
      for (const [name, values] of all) {
        for (const most of [3, 5000]) {
          const stretches = await store.logs.stretches(job.id, { name, ...everything, most });
          expect(stretches.length).toBeLessThanOrEqual(most);
          expectToCover(stretches, values);
        }
      }
    } finally {
      await place.dispose();
    }
  }
}

/** Stretches that follow each other and tell what there is to tell of these values. */
function expectToCover(stretches: readonly Stretch[], values: readonly MetricPoint[]): void {
  const wrong: Stretch[] = [];
  let next = 0;
  for (const stretch of stretches) {
    if (stretch.index !== next || !tells(stretch, values)) wrong.push(stretch);
    next += stretch.count;
  }
  expect(wrong).toEqual([]);
  expect(next).toBe(values.length);
}

function tells({ index, count, notFinite, points }: Stretch, all: readonly MetricPoint[]): boolean {
  const values = all.slice(index, index + count).map(({ value }) => value);
  const finite = values.filter(Number.isFinite);
  const told = points.map(({ value }) => value);
  const toldFinite = told.filter(Number.isFinite);
  return (
    notFinite === count - finite.length &&
    Math.min(...toldFinite) === Math.min(...finite) &&
    Math.max(...toldFinite) === Math.max(...finite) &&
    toldFinite.length < told.length === notFinite > 0 &&
    told.length <= 5 &&
    points.at(0)?.at === index &&
    points.at(-1)?.at === index + count - 1 &&
    points.every(({ at, step, value, time, line }) => {
      const as = all[at];
      const same = as?.step === step && as.time === time && as.line === line;
      return same && Object.is(as.value, value);
    })
  );
}

type Step =
  | { do: 'add'; count: number; series: number; values: number[] }
  | { do: 'open anew' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      count: fc.oneof(fc.nat(5), fc.nat(300), fc.integer({ min: 0, max: 6000 })),
      series: fc.integer({ min: 1, max: 5 }),
      values: fc.array(fc.oneof({ weight: 9, arbitrary: fc.double() }, fc.constant(Number.NaN)), {
        minLength: 1,
        maxLength: 50,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'open anew' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);
