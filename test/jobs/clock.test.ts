import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Provider } from '../../src/core/provider.ts';
import { Cancel } from '../../src/jobs/ask/cancel.ts';
import { Cancellation } from '../../src/jobs/drive/cancellation.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { jobTimes } from '../../src/jobs/times.ts';
import { LogAvailability } from '../../src/providers/runpod/log/log-availability.ts';
import { sqlitePlace } from '../store/place.ts';
import { batch, leasedJob } from '../store/samples.ts';
import { LogCapture } from '../support/log-capture.ts';

const day = 24 * 3_600_000;
const { signal } = new AbortController();
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  // Time passes when the test says so, and may be set back or forth.
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await stack.disposeAsync();
});

const jumps: [string, number][] = [
  ['set back by a day', -day],
  ['set forth by a day', day],
];
const setClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs);

test.each(jumps)(
  'a provider is asked for its health anew each five seconds, its clock %s',
  async (_, byMs) => {
    let asked = 0;
    const provider: Provider = {
      ...silentProvider,
      health: async () => {
        asked += 1;
        return { status: 'UP', message: null, checkedAt: Date.now(), latencyMs: 1 };
      },
    };
    const providers = new Providers([provider]);
    await providers.health('box');
    setClock(byMs);
    vi.advanceTimersByTime(4000);
    await providers.health('box');
    expect(asked).toBe(1);
    vi.advanceTimersByTime(2000);
    await providers.health('box');
    expect(asked).toBe(2);
  },
);

test.each(jumps)(
  'a cancelled job that costs on is ended by force after a minute, the clock %s',
  async (_, byMs) => {
    const { store, changes } = await openStore();
    const { job, lease } = await leasedJob(store);
    const forced: boolean[] = [];
    const cancellation = new Cancellation({
      jobId: job.id,
      provider: {
        ...silentProvider,
        cancel: async (_ref, { force }) => {
          forced.push(force);
          return true;
        },
      },
      lease,
      holds: () => true,
      changes,
      times: jobTimes,
      logger: new LogCapture().logger,
    });
    const now = Date.now();
    const cost = { currency: 'USD', perHour: 2, accrued: 1, limit: null, since: now, at: now };
    await changes.update(job.id, () => ({ externalId: 'x', status: 'RUNNING', cost }));
    await changes.update(job.id, () => ({ status: 'STOPPING', cancelledAt: now }));
    await cancellation.look(signal);
    setClock(byMs);
    vi.advanceTimersByTime(50_000);
    await cancellation.look(signal);
    expect(forced).toEqual([]);
    vi.advanceTimersByTime(11_000);
    await cancellation.look(signal);
    expect(forced).toEqual([true]);
  },
);

test.each(jumps)('a pod without a line is told of after two minutes, the clock %s', (_, byMs) => {
  const availability = new LogAvailability({ emptyMs: 120_000 });
  const pod = { status: 'RUNNING', startedAt: Date.now(), createdAt: Date.now() };
  const trouble = () => {
    availability.had('job-a', pod, { empty: true });
    return availability.of('job-a');
  };
  expect(trouble()).toBeNull();
  setClock(byMs);
  vi.advanceTimersByTime(110_000);
  expect(trouble()).toBeNull();
  vi.advanceTimersByTime(11_000);
  expect(trouble()).toBe('empty');
});

test('the log of a cancelled job can be given up by force though the clock was set back', async () => {
  const { store, changes } = await openStore();
  const { job, lease } = await leasedJob(store);
  await store.logs.append(lease, batch(['one']));
  await changes.update(job.id, () => ({ externalId: 'x', status: 'RUNNING' }));
  const now = Date.now();
  await changes.update(job.id, () => ({ status: 'CANCELLED', cancelledAt: now, finishedAt: now }));
  setClock(-day);
  const cancel = new Cancel({ changes, logs: store.logs, providers: new Providers([]) });
  const unlisten = changes.listen(job.id, () => void store.logs.complete(lease));
  await cancel.run(job.id, { force: true });
  unlisten();
  expect((await store.jobs.get(job.id))?.logGivenUpAt).not.toBeNull();
});

async function openStore() {
  const place = await sqlitePlace();
  stack.defer(() => place.dispose());
  const store = await place.open();
  return { store, changes: new JobChanges(store.jobs) };
}

const never = () => {
  throw new Error('not asked in this test');
};
const silentProvider: Provider = {
  name: 'box',
  kind: 'LOCAL',
  pollMs: 1000,
  recipes: () => [],
  health: never,
  deploy: never,
  find: never,
  status: never,
  cancel: never,
  followLogs: never,
  logNotice: never,
};
