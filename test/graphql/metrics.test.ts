import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphql } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
let log: TestLog;

beforeAll(async () => {
  server = await openTestServer();
  log = await server.openLog();
  const { job, lease } = log;
  for (let first = 1; first <= 20_000; first += 1000) {
    const metrics = Array.from({ length: 1000 }, (_, n) => {
      const step = first + n;
      const value = step === 12_345 ? 9.75 : step === 15_001 ? Number.NaN : 2 / Math.sqrt(step);
      return { name: 'loss', step, value, time: step, line: step - 1 };
    });
    const texts = metrics.map(({ step }) => `step ${step}`);
    await server.store.logs.append(lease, {
      lines: texts,
      runs: [{ count: texts.length, time: 1, source: null }],
      cursor: null,
      collectorState: null,
      metrics,
    });
  }
  expect(job.id).toBeTruthy();
});
afterAll(() => server[Symbol.asyncDispose]());

async function loss(args: string, fields: string) {
  const { data, errors } = await graphql(
    server.url,
    `query ($id: ID!) { job(id: $id) { metrics${args} { ${fields} } } }`,
    { id: log.job.id },
  );
  if (!data) throw new Error(JSON.stringify(errors));
  return data.job.metrics[0];
}

test.each([3, 4000])(
  'of %i points show the spike, and the NaN is told, with their lines',
  async (most) => {
    const series = await loss(
      `(maxPoints: ${most})`,
      'name seen points { step value line } notFinite { step kind line }',
    );
    expect(series).toMatchObject({ name: 'loss', seen: 20_000 });
    expect(series.points.length).toBeLessThanOrEqual(most);
    expect(series.points).toContainEqual({ step: 12_345, value: 9.75, line: 12_344 });
    expect(series.points.at(-1)).toMatchObject({ step: 20_000, line: 19_999 });
    expect(series.notFinite).toEqual([{ step: 15_001, kind: 'NAN', line: 15_000 }]);
  },
);

test('are told as stretches, by default and of a range of steps', async () => {
  const fields =
    '{ fromStep toStep count notFinite first { value } last { value } min { value line } max { step value line } firstNotFinite { line } }';
  const { stretches } = await loss('', `stretches ${fields}`);
  expect(stretches.length).toBeGreaterThan(100);
  expect(stretches.length).toBeLessThanOrEqual(200);
  type Told = { count: number; notFinite: number; max: { value: number } };
  expect(stretches.reduce((sum: number, { count }: Told) => sum + count, 0)).toBe(20_000);
  expect(stretches.filter(({ max }: Told) => max.value === 9.75)).toHaveLength(1);
  expect(stretches.filter(({ notFinite }: Told) => notFinite === 1)).toHaveLength(1);
  const { stretches: near } = await loss(
    '',
    `stretches(fromStep: 15000, toStep: 15002, maxStretches: 50) ${fields}`,
  );
  expect(near.length).toBeLessThan(4);
  expect(near[0].fromStep).toBeLessThanOrEqual(15_000);
  expect(near.find(({ notFinite }: Told) => notFinite === 1)?.firstNotFinite).toEqual({
    line: 15_000,
  });
});

test('of more stretches than are allowed are refused, with the bounds', async () => {
  for (const most of [0, 4001]) {
    const { errors } = await graphql(
      server.url,
      `{ job(id: "${log.job.id}") { metrics(maxPoints: 2) { stretches(maxStretches: ${most}) { count } } } }`,
    );
    expect(errors?.[0]?.message).toContain('between 1 and 4000');
  }
});
