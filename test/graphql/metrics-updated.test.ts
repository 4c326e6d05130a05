import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverSentEvents } from '../support/clients.ts';
import { openTestServer, type TestLog, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Appends a line for each value, which `name` has at the next step. */
async function measure({ job, lease }: TestLog, name: string, values: readonly number[]) {
  const { total } = await server.store.logs.head(job.id);
  await server.store.logs.append(lease, {
    lines: values.map((value) => `${name} ${value}`),
    runs: [{ count: values.length, time: 1, source: null }],
    cursor: null,
    collectorState: null,
    metrics: values.map((value, at) => ({
      name,
      step: total + at,
      value,
      time: 1,
      line: total + at,
    })),
  });
}

interface Update {
  cursor: string;
  complete: boolean;
  series: {
    name: string;
    seen: number;
    points: { step: number; value: number }[];
    notFinite: { step: number }[];
  }[];
}

function follow(
  { job }: TestLog,
  options: { names?: string[]; after?: string; maxPoints?: number },
) {
  const events = serverSentEvents(
    server.url,
    `subscription ($id: ID!, $names: [String!], $maxPoints: Int, $after: String) {
      metricsUpdated(jobId: $id, names: $names, maxPoints: $maxPoints, after: $after) {
        cursor complete series { name seen points { step value } notFinite { step } } } }`,
    { id: job.id, maxPoints: 4000, ...options },
  );
  return {
    next: async (): Promise<Update | undefined> => {
      const { value } = await events.next();
      if (value?.errors) throw new Error(value.errors[0]?.message);
      return value?.data?.metricsUpdated;
    },
    leave: () => events.return(),
  };
}

/** Reads updates until `most` values have come, or the end; the values by the name of their series. */
async function valuesOf(next: () => Promise<Update | undefined>, most = Number.POSITIVE_INFINITY) {
  const values: Record<string, number[]> = {};
  let count = 0;
  let last: Update | undefined;
  while (count < most) {
    const update = await next();
    if (update === undefined) break;
    last = update;
    for (const { name, points, notFinite } of update.series) {
      const all = [...points, ...notFinite.map(({ step }) => ({ step, value: Number.NaN }))];
      all.sort((one, other) => one.step - other.step);
      values[name] = [...(values[name] ?? []), ...all.map(({ value }) => value)];
      count += all.length;
    }
    if (update.complete) break;
  }
  return { values, last };
}

const ramp = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n);

test('each value comes once, from the first to the last, and then the end', async () => {
  const log = await server.openLog();
  await measure(log, 'loss', ramp(0, 300));
  const { next } = follow(log, {});
  const first = await next();
  expect(first?.series).toMatchObject([{ name: 'loss', seen: 300 }]);
  expect(first?.series[0]?.points.map(({ value }) => value)).toEqual(ramp(0, 300));
  const rest = valuesOf(next);
  for (let at = 300; at < 1000; at += 70) await measure(log, 'loss', ramp(at, 70));
  await measure(log, 'lr', [1, Number.NaN, 2]);
  await log.end();
  const { values, last } = await rest;
  expect(values).toEqual({ loss: ramp(300, 700), lr: [1, Number.NaN, 2] });
  expect(last?.complete).toBe(true);
  expect(await next()).toBeUndefined();
});

test('whoever resumes with a cursor gets what has come since, and nothing twice', async () => {
  const log = await server.openLog();
  await measure(log, 'loss', ramp(0, 130));
  await measure(log, 'acc', ramp(0, 5));
  const before = follow(log, {});
  const { last } = await valuesOf(before.next, 135);
  await before.leave();
  await measure(log, 'loss', ramp(130, 200));
  await measure(log, 'lr', [7]);
  const after = follow(log, { after: last?.cursor });
  const { values, last: then } = await valuesOf(after.next, 201);
  expect(values).toEqual({ loss: ramp(130, 200), lr: [7] });
  await after.leave();
  // With nothing new, where it stands is told at once all the same.
  const again = follow(log, { after: then?.cursor });
  expect(await again.next()).toMatchObject({ series: [], cursor: then?.cursor, complete: false });
  await again.leave();
});

test('of more new values than are asked for, the spike and the NaN are shown', async () => {
  const log = await server.openLog();
  await measure(log, 'loss', ramp(0, 70));
  const begun = follow(log, {});
  const { last } = await valuesOf(begun.next, 70);
  await begun.leave();
  const values = ramp(70, 20_000);
  values[9000] = 1e9;
  values[15_000] = Number.NaN;
  for (let at = 0; at < values.length; at += 1000) {
    await measure(log, 'loss', values.slice(at, at + 1000));
  }
  const { next, leave } = follow(log, { after: last?.cursor, maxPoints: 50 });
  const update = await next();
  expect(update?.series[0]?.seen).toBe(20_070);
  expect(update?.series[0]?.points.length).toBeLessThanOrEqual(50);
  expect(update?.series[0]?.points).toContainEqual({ step: 9070, value: 1e9 });
  expect(update?.series[0]?.points.at(-1)?.step).toBe(20_069);
  expect(
    Math.min(...(update?.series[0]?.points.map(({ step }) => step) ?? [])),
  ).toBeGreaterThanOrEqual(70);
  expect(update?.series[0]?.notFinite).toEqual([{ step: 15_070 }]);
  await leave();
});

test('some series alone are followed where these are named', async () => {
  const log = await server.openLog();
  await measure(log, 'noise', ramp(0, 100));
  await measure(log, 'loss', [1]);
  await measure(log, 'noise', ramp(0, 100));
  await log.end();
  const { next } = follow(log, { names: ['loss'] });
  expect((await valuesOf(next)).values).toEqual({ loss: [1] });
});

test.each([
  [{ after: 'x' }, 'after is "x"'],
  [{ after: '1.2.' }, 'the cursor of an update'],
  [{ maxPoints: 1 }, 'between 2 and 4000'],
])('%o is refused', async (options, words) => {
  await expect(follow(await server.openLog(), options).next()).rejects.toThrow(words);
});

test('a job that there is not is told so', async () => {
  const log = await server.openLog();
  await server.store.jobs.update(log.job.id, () => ({ status: 'FAILED' }));
  await log.end();
  await server.store.jobs.delete(log.job.id);
  await expect(follow(log, {}).next()).rejects.toThrow('There is no job');
});
