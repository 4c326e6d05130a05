import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LineRun, LogSource } from '../../src/core/log.ts';
import type { StorePlace } from './place.ts';
import { claimed, newJob, perLine } from './samples.ts';

type Step =
  | { do: 'append'; count: number; width: number; source: LogSource | null }
  | { do: 'read'; from: number; limit: number }
  | { do: 'open anew' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      count: fc.oneof(fc.nat(3), fc.nat(40), fc.integer({ min: 0, max: 2500 })),
      width: fc.oneof(fc.nat(60), fc.constant(300)),
      source: fc.constantFrom(null, 'STDOUT', 'STDERR', 'SYSTEM'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      from: fc.double({ min: 0, max: 1.1, noNaN: true }),
      limit: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'open anew' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

/** Any order of appends, reads, starts and crashes reads like one array of lines. */
export function storeModel(openPlace: () => Promise<StorePlace>): void {
  test('any order of appends, reads, starts and crashes reads like one array of lines', async () => {
    const steps = fc.array(step, { minLength: 5, maxLength: 20 });
    await fc.assert(fc.asyncProperty(steps, follow), { numRuns: 20, endOnFailure: true });
  });

  async function follow(steps: readonly Step[]): Promise<void> {
    const place = await openPlace();
    try {
      let store = await place.open({ leaseMs: 1 });
      const { job } = await store.jobs.insert(newJob());
      let lease = await claimed(store, job.id);
      const texts: string[] = [];
      const runs: LineRun[] = [];
      for (const [index, action] of steps.entries()) {
        if (action.do === 'append') {
          const batch = makeBatch(action, { first: texts.length, time: 1000 - index });
          const head = await store.logs.append(lease, batch);
          texts.push(...batch.lines);
          runs.push(...batch.runs);
          expect(head).toMatchObject({ total: texts.length, cursor: batch.cursor });
        } else if (action.do === 'read') {
          const offset = Math.floor(texts.length * action.from);
          const end = offset + action.limit;
          const options = { offset, limit: action.limit, maxChars: Number.POSITIVE_INFINITY };
          const page = await store.logs.read(job.id, options);
          expect(page.first).toBe(offset);
          expect(page.lines).toEqual(texts.slice(offset, end));
          expect(perLine(page.runs)).toEqual(perLine(runs).slice(offset, end));
        } else {
          if (action.do === 'crash') await place.crash();
          else await store.close();
          store = await place.open({ leaseMs: 1 });
          lease = await claimed(store, job.id);
          expect(await store.logs.head(job.id)).toMatchObject({ total: texts.length });
        }
      }
    } finally {
      await place.dispose();
    }
  }
}

function makeBatch(
  { count, width, source }: Extract<Step, { do: 'append' }>,
  { first, time }: { first: number; time: number },
) {
  const texts = Array.from(
    { length: count },
    (_, index) => `${first + index} ${'é'.repeat(width)}`,
  );
  const half = Math.floor(count / 2);
  return {
    lines: texts,
    runs: [
      { count: half, time, source },
      { count: count - half, time: time + 1, source: null },
    ],
    cursor: `${first + count}`,
    collectorState: null,
  };
}
