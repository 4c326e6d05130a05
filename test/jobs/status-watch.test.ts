import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JobRef, Provider, StatusReport } from '../../src/core/provider.ts';
import { StatusWatch } from '../../src/jobs/watch/watch.ts';
import { LogCapture } from '../support/log-capture.ts';

let asked: string[] = [];
let watch: StatusWatch;

beforeEach(() => {
  // The rounds come when the test says so; turns of the event loop are real.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  asked = [];
  watch = new StatusWatch({ provider: answering(), logger: new LogCapture().logger });
});
afterEach(async () => {
  await watch.close();
  vi.useRealTimers();
});

test('a job that is added is asked for alone, however many are watched', async () => {
  for (let n = 0; n < 300; n += 1) {
    add(`job ${n}`);
    await nextTurn();
    await nextTurn();
  }
  expect(asked).toEqual(Array.from({ length: 300 }, (_, n) => `job ${n}`));
});

test('400 jobs that are added within five seconds cost two calls each, taken together', async () => {
  for (let n = 0; n < 400; n += 1) {
    add(`job ${n}`);
    await passMs(5000 / 400);
  }
  expect(countById().size).toBe(400);
  expect(asked.length).toBeLessThanOrEqual(2 * 400);
});

test('each job is asked for in every round while they are few, and at least every six seconds', async () => {
  for (let n = 0; n < 50; n += 1) add(`few ${n}`);
  await passMs(1);
  await passMs(10_000);
  expect(new Set(countById().values())).toEqual(new Set([11]));
  for (let n = 0; n < 1000; n += 1) add(`many ${n}`);
  await passMs(1);
  asked = [];
  await passMs(6000);
  expect(countById().size).toBe(1050);
});

function add(jobId: string): void {
  watch.add({ ref: { jobId, externalId: jobId }, report: () => {}, stale: () => {} });
}

function countById(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of asked) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** Lets time pass, with turns of the event loop in between, so that every call is answered. */
async function passMs(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    vi.advanceTimersByTime(Math.min(left, 500));
    await nextTurn();
    await nextTurn();
  }
}

/** A provider whose jobs all run. */
function answering(): Provider {
  return {
    name: 'box',
    kind: 'LOCAL',
    pollMs: 1000,
    recipes: () => ['default'],
    deploy: async (job) => ({ externalId: job.id }),
    find: async () => null,
    async *status(refs: readonly JobRef[]): AsyncGenerator<StatusReport> {
      for (const { jobId } of refs) {
        asked.push(jobId);
        yield { jobId, state: { status: 'RUNNING', providerStatus: 'running' } };
      }
    },
    cancel: async () => true,
    async *followLogs() {},
    logNotice: () => null,
    health: async () => ({ status: 'UP', message: null, checkedAt: 0, latencyMs: 0 }),
  };
}
