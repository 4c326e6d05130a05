import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import type { Provider } from '../../src/core/provider.ts';
import type { Lease, Store } from '../../src/core/store.ts';
import { Cancellation } from '../../src/jobs/drive/cancellation.ts';
import { finishJob } from '../../src/jobs/drive/finish.ts';
import { HandOver } from '../../src/jobs/drive/hand-over.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { jobTimes } from '../../src/jobs/times.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { sqlitePlace } from '../store/place.ts';
import { newJob } from '../store/samples.ts';
import { openQueueingServer, type QueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { LogCapture } from '../support/log-capture.ts';
import { replace } from '../support/replace.ts';

// A server cannot know of a newer lease before it asks the store, only that its own may have run out.

const { logger } = new LogCapture();
const { signal } = new AbortController();
let stack: AsyncDisposableStack;
let store: Store;
let box: QueueingServer;
let provider: Provider;
let released: number;
let job: Job;
let lease: Lease;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const place = stack.adopt(await sqlitePlace(), (it) => it.dispose());
  store = await place.open();
  box = stack.adopt(await openQueueingServer(), ({ server }) => server.close());
  const local = openLocalProvider({
    name: 'box',
    url: box.server.url,
    apiKey: null,
    recipes: null,
    defaultsOf: () => dialectDefaults,
    logger,
  });
  stack.defer(() => local.close());
  released = 0;
  provider = replace<Provider>(local, {
    release: async () => {
      released += 1;
    },
  });
  ({ job } = await store.jobs.insert(newJob({ provider: 'box' })));
  const claimed = await store.leases.claim(job.id);
  if (!claimed) throw new Error('a new job has no free lease');
  lease = claimed;
});
afterEach(() => stack.disposeAsync());

const parts = (holds: boolean) => ({
  provider,
  lease,
  holds: () => holds,
  changes: new JobChanges(store.jobs),
  logs: store.logs,
  logger,
});

function handOver(holds: boolean, isNew = true) {
  const options = { ...parts(holds), job, isNew, firstRestMs: 1, attempted() {} };
  return new HandOver(options).run(signal);
}

test('no provider is asked to run a job without a valid lease', async () => {
  await expect(handOver(false)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(box.server.calls.filter((call) => call.includes('execute'))).toEqual([]);
  expect(await handOver(true)).toMatchObject({ jobId: job.id });
  expect(box.executions.get(job.id)).toBe(1);
});

test('no provider is asked to end a job without a valid lease', async () => {
  await handOver(true);
  await store.jobs.update(job.id, () => ({ cancelRequestedAt: 1 }));
  const cancels = () => box.server.calls.filter((call) => /^POST.*cancel/.test(call)).length;
  for (const holds of [false, true]) {
    const options = { ...parts(holds), jobId: job.id, times: { ...jobTimes, cancelAnswerMs: -1 } };
    await new Cancellation(options).look(signal);
    await new Cancellation(options).look(signal);
    expect(cancels()).toBe(holds ? 1 : 0);
  }
});

test('a job that was cancelled while it was deployed is not ended without a valid lease', async () => {
  await handOver(true);
  await store.jobs.update(job.id, () => ({ externalId: null, status: 'CANCELLED' }));
  job = (await store.jobs.get(job.id)) ?? job;
  await expect(handOver(false, false)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(box.jobs.get(job.id)?.isOver).toBe(false);
});

test('nothing is given back without a valid lease', async () => {
  await handOver(true);
  await store.jobs.update(job.id, () => ({ status: 'COMPLETED' }));
  await finishJob(job.id, { ...parts(false), advanced() {} }, signal);
  expect(released).toBe(0);
  // Finishing twice is fine, as after a failure behind the completed log.
  await finishJob(job.id, { ...parts(true), advanced() {} }, signal);
  expect(released).toBe(1);
});
