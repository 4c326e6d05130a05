import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../src/core/job.ts';
import { type LogFilter, type MetricSeries, maxPageLines } from '../../src/core/log.ts';
import type { LogBatch, Provider } from '../../src/core/provider.ts';
import type { Store } from '../../src/core/store.ts';
import { summarize } from '../../src/jobs/drive/summary.ts';
import { Wakeup } from '../../src/lib/async/wakeup.ts';
import { LineSplitter } from '../../src/lines/split.ts';
import { GrowingLines } from '../../src/logs/growing-lines.ts';
import type { LogLine } from '../../src/logs/read/page.ts';
import { entriesOf } from '../../src/logs/read/page.ts';
import { LogReader } from '../../src/logs/read/reader.ts';
import { UnstoredLogs } from '../../src/logs/unstored-logs.ts';
import { Collector } from '../../src/logs/write/collector.ts';
import { leasedJob } from '../store/samples.ts';
import { LogCapture } from '../support/log-capture.ts';
import { type Expected, expectedShape } from './expected.ts';

/** When the first byte of a recorded log came. */
const startedAt = Date.UTC(2026, 2, 1, 10);

/** What Trainyard says of a job that printed a recorded log. */
export interface Told {
  lines: readonly LogLine[];
  progress: Job['progress'];
  metrics: MetricSeries[];
  failure: Job['failure'];
  search(filter: LogFilter): Promise<readonly string[]>;
}

export async function readExpected(folder: string): Promise<Expected> {
  return expectedShape.parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')));
}

/** Sends a recorded log through splitter, collector and store, and reads what they make of it. */
export async function runCase(folder: string, expected: Expected, store: Store): Promise<Told> {
  const output = await readFile(join(folder, 'output.log'));
  const { job, lease } = await leasedJob(store);
  const { logs, jobs } = store;
  const collector = new Collector({
    provider: provider(batches(output, expected.times ?? [[output.length, 0]])),
    ref: { jobId: job.id, externalId: 'recorded' },
    lease,
    logs,
    growing: new GrowingLines(),
    unstored: new UnstoredLogs(),
    logger: new LogCapture().logger,
    advanced: () => {},
    answered: new Wakeup(),
  });
  await collector.run(AbortSignal.timeout(20_000));
  const reader = new LogReader({ jobs, logs });
  const search = async (filter: LogFilter | null) => {
    const page = await reader.page(job.id, { limit: maxPageLines, offset: 0, filter });
    if (page.hasMore) throw new Error('a recorded log has one page at most');
    return page;
  };
  return {
    lines: entriesOf(await search(null)),
    progress: collector.progress,
    metrics: await logs.metrics(job.id, { names: null, maxPoints: 4000 }),
    failure: expected.end ? await summarize(failed(job, expected.end), logs) : null,
    search: async (filter) => [...(await search(filter)).lines],
  };
}

function failed(job: Job, end: NonNullable<Expected['end']>): Job {
  const failure = { message: '', offset: null, excerpt: [], ...end };
  return { ...job, status: 'FAILED', failure };
}

/** The recorded log as a provider gives it: a batch for each of the recorded times. */
async function* batches(
  output: Buffer,
  times: readonly (readonly [number, number])[],
): AsyncGenerator<LogBatch> {
  const splitter = new LineSplitter();
  let from = 0;
  for (const [to, ms] of times) {
    const texts: string[] = [];
    splitter.push(output.subarray(from, to), (text) => texts.push(text));
    const isLast = to === output.length;
    if (isLast) splitter.end((text) => texts.push(text));
    const runs = [{ count: texts.length, time: startedAt + ms, source: null }];
    if (texts.length > 0) yield { lines: texts, runs, cursor: `${to}` };
    from = to;
  }
  if (from !== output.length) throw new Error('the last time is not that of the last byte');
  yield { lines: [], runs: [], cursor: 'end', ended: { state: null } };
}

function provider(log: AsyncIterable<LogBatch>): Provider {
  const never = () => {
    throw new Error('a recorded log is only followed');
  };
  return {
    name: 'recorded',
    kind: 'LOCAL',
    pollMs: 1000,
    recipes: () => [],
    deploy: never,
    find: never,
    status: never,
    cancel: never,
    followLogs: () => log,
    logNotice: () => null,
    health: never,
  };
}
