import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogBatch, Provider } from '../../src/core/provider.ts';
import type { Append, Lease, LogStore, Store } from '../../src/core/store.ts';
import { finishJob } from '../../src/jobs/drive/finish.ts';
import { JobChanges } from '../../src/jobs/job-changes.ts';
import { Wakeup } from '../../src/lib/async/wakeup.ts';
import { GrowingLines } from '../../src/logs/growing-lines.ts';
import { UnstoredLogs } from '../../src/logs/unstored-logs.ts';
import { Collector } from '../../src/logs/write/collector.ts';
import { sqlitePlace } from '../store/place.ts';
import { leasedJob } from '../store/samples.ts';
import { LogCapture } from '../support/log-capture.ts';
import { replace } from '../support/replace.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
});
afterEach(() => place.dispose());

/** Batches of texts, each at its time, and then silence until the reader leaves. */
async function* printed(
  batches: readonly (readonly [number, ...string[]])[],
  signal: AbortSignal,
): AsyncGenerator<LogBatch> {
  for (const [at, [time, ...texts]] of batches.entries()) {
    const runs = [{ count: texts.length, time, source: null }];
    yield { lines: texts, runs, cursor: `${at}` };
  }
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

function provider(batches: readonly (readonly [number, ...string[]])[]): Provider {
  const never = () => {
    throw new Error('a log is only followed here');
  };
  return {
    name: 'printing',
    kind: 'LOCAL',
    pollMs: 1000,
    recipes: () => [],
    deploy: never,
    find: never,
    status: never,
    cancel: never,
    followLogs: (_ref, _cursor, signal) => printed(batches, signal),
    logNotice: () => null,
    health: never,
  };
}

function collectorOf(
  lease: Lease,
  batches: readonly (readonly [number, ...string[]])[],
  logs: LogStore = store.logs,
): Collector {
  return new Collector({
    provider: provider(batches),
    ref: { jobId: lease.jobId, externalId: 'external' },
    lease,
    logs,
    growing: new GrowingLines(),
    unstored: new UnstoredLogs(),
    logger: new LogCapture().logger,
    advanced: () => {},
    answered: new Wakeup(),
  });
}

async function linesOf(jobId: string): Promise<string[]> {
  return (await store.logs.read(jobId, { offset: 0, limit: 100, maxChars: 1e6 })).lines;
}

const bar = [
  [Date.now(), 'begin'],
  [Date.now(), '10%\r'],
  [Date.now() + 1, '20%\r'],
] as const;

/** A log whose collector has stopped while it held the state `20%` of a bar back. */
async function held(): Promise<Lease> {
  const { lease } = await leasedJob(store);
  const stop = new AbortController();
  const logs = replace(store.logs, {
    async append(to, batch) {
      const head = await store.logs.append(to, batch);
      if (batch.cursor === '2') stop.abort();
      return head;
    },
  });
  // The half second does not pass after which the state would be due.
  vi.useFakeTimers({ toFake: ['Date'], now: bar[0][0] });
  await collectorOf(lease, bar, logs).run(stop.signal);
  vi.useRealTimers();
  expect(await linesOf(lease.jobId)).toEqual(['begin', '10%']);
  return lease;
}

test('the last state of a bar is stored where its log is given up before it is followed again', async () => {
  const lease = await held();
  const next = collectorOf(lease, []);
  await next.run(AbortSignal.abort());
  for (let n = 0; n < 2; n++) await next.settle();
  expect(await linesOf(lease.jobId)).toEqual(['begin', '10%', '20%']);
});

test('the last state of a bar is stored before the gap of a log that is given up without its provider', async () => {
  const lease = await held();
  const options = {
    provider: null,
    lease,
    holds: () => true,
    changes: new JobChanges(store.jobs),
    logs: store.logs,
    gap: 'The rest is lost.',
    advanced: () => {},
    logger: new LogCapture().logger,
  };
  await finishJob(lease.jobId, options, new AbortController().signal);
  expect(await linesOf(lease.jobId)).toEqual(['begin', '10%', '20%']);
  expect(await store.logs.gaps(lease.jobId, { from: 0, to: 9 })).toEqual([
    { offset: 3, reason: 'The rest is lost.' },
  ]);
});

test('lines that the clock has chosen are to be on the disk before they are told, no others', async () => {
  const { lease } = await leasedJob(store);
  const stop = new AbortController();
  const appended: Append[] = [];
  const logs = replace(store.logs, {
    async append(to, batch) {
      appended.push(batch);
      const head = await store.logs.append(to, batch);
      // The state that is held back is stored once the log has been silent.
      if (batch.lines.includes('20%')) stop.abort();
      return head;
    },
  });
  await collectorOf(lease, bar, logs).run(stop.signal);
  expect(appended.map(({ lines, isByClock }) => [lines, isByClock])).toEqual([
    [['begin'], false],
    [['10%'], true],
    [[], false],
    [['20%'], true],
  ]);
});
