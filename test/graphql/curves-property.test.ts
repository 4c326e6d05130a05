import fc from 'fast-check';
import { expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

interface Told {
  step: number;
  value: number;
  line: number;
}
interface Stretch {
  fromStep: number;
  toStep: number;
  count: number;
  notFinite: number;
  min: { value: number } | null;
  max: { value: number } | null;
  firstNotFinite: { line: number } | null;
}
interface Series {
  seen: number;
  points: Told[];
  notFinite: { step: number; kind: string; line: number }[];
  stretches: Stretch[];
}

async function curveOf(
  server: TestServer,
  { job }: TestLog,
  most: { maxPoints: number; maxStretches: number },
): Promise<Series> {
  // One query of the most of both would cost more than is allowed.
  const asked = async (args: string, fields: string) => {
    const { data, errors } = await graphql(
      server.url,
      `query ($id: ID!) { job(id: $id) { metrics(${args}) { ${fields} } } }`,
      { id: job.id },
    );
    expect(errors).toBeUndefined();
    return data.job.metrics[0];
  };
  const points = 'seen points { step value line } notFinite { step kind line }';
  const ends = 'min { value } max { value } firstNotFinite { line }';
  const within = `stretches(maxStretches: ${most.maxStretches})`;
  return {
    ...(await asked(`maxPoints: ${most.maxPoints}`, points)),
    ...(await asked('maxPoints: 3', `${within} { fromStep toStep count notFinite ${ends} }`)),
  };
}

const kinds = new Map([
  [Number.NaN, 'NAN'],
  [Number.POSITIVE_INFINITY, 'INFINITY'],
  [Number.NEGATIVE_INFINITY, 'NEGATIVE_INFINITY'],
]);

/** The values of a training, of which most follow a curve, and some do not. */
const training = fc.record({
  count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 3000, max: 9500 })),
  strange: fc.array(
    fc.tuple(
      fc.nat(),
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(...kinds.keys(), 0),
      ),
    ),
    { maxLength: 30 },
  ),
  batch: fc.constantFrom(1, 7, 100, 1000),
  maxPoints: fc.integer({ min: 3, max: 4000 }),
  maxStretches: fc.integer({ min: 1, max: 4000 }),
});

test('whatever a training prints, its live curve is that of the ended job, with every extreme and every NaN', {
  timeout: 120_000,
}, async () => {
  await using server = await openTestServer();
  await fc.assert(
    fc.asyncProperty(training, async ({ count, strange, batch, ...most }) => {
      const values = Array.from({ length: count }, (_, n) => 2 / Math.sqrt(n + 1));
      for (const [at, value] of strange) values[at % count] = value + 0; // JSON has no -0
      const log = await server.openLog();
      // Single appends of thousands of values would only take long.
      const size = count > 100 ? Math.max(batch, 100) : batch;
      for (let first = 0; first < count; first += size) {
        const metrics = values.slice(first, first + size).map((value, n) => {
          const line = first + n;
          return { name: 'loss', step: line + 1, value, time: line, line };
        });
        const texts = metrics.map(({ value }) => `loss ${value}`);
        const runs = [{ count: texts.length, time: 1, source: null }];
        const rest = { cursor: null, collectorState: null };
        await server.store.logs.append(log.lease, { lines: texts, runs, metrics, ...rest });
      }
      const live = await curveOf(server, log, most);
      await log.end();
      expect(await curveOf(server, log, most)).toEqual(live);

      const told = (line: number) => ({ step: line + 1, value: values[line], line });
      const finite = values.filter((value) => Number.isFinite(value));
      expect(live.seen).toBe(count);
      expect(live.points.length).toBeLessThanOrEqual(most.maxPoints);
      for (const { line, ...point } of [...live.points]) {
        expect({ line, ...point }).toEqual(told(line));
      }
      for (const { step, kind, line } of live.notFinite) {
        expect({ step, kind }).toEqual({ step: line + 1, kind: kinds.get(values[line] ?? 0) });
      }
      expect(live.notFinite.length > 0).toBe(finite.length < count);
      if (finite.length > 0) {
        const shown = live.points.map(({ value }) => value);
        expect(Math.min(...shown)).toBe(Math.min(...finite));
        expect(Math.max(...shown)).toBe(Math.max(...finite));
      }

      expect(live.stretches.length).toBeLessThanOrEqual(most.maxStretches);
      let from = 0;
      for (const stretch of live.stretches) {
        const to = from + stretch.count;
        const within = values.slice(from, to);
        const sound = within.filter((value) => Number.isFinite(value));
        expect([stretch.fromStep, stretch.toStep]).toEqual([from + 1, to]);
        expect(stretch.notFinite).toBe(within.length - sound.length);
        expect(stretch.min?.value ?? null).toBe(sound.length > 0 ? Math.min(...sound) : null);
        expect(stretch.max?.value ?? null).toBe(sound.length > 0 ? Math.max(...sound) : null);
        const broken = within.findIndex((value) => !Number.isFinite(value));
        expect(stretch.firstNotFinite?.line ?? -1).toBe(broken === -1 ? -1 : from + broken);
        from = to;
      }
      expect(from).toBe(count);
    }),
    { numRuns: 25 },
  );
});
