import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Job, type NewJob, newJobId } from '../../src/core/job.ts';
import type { LineRun } from '../../src/core/log.ts';
import type { Append, Lease, Store } from '../../src/core/store.ts';

/** A new job with whatever the test wants to be different. */
export function newJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    id: newJobId(),
    name: 'a job',
    provider: 'local',
    recipe: 'default',
    modelName: 'model-7b',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
    ...changes,
  };
}

/** A batch of lines, all of one time and source. */
export function batch(texts: string[], changes: Partial<Append> = {}): Append {
  return {
    lines: texts,
    runs: texts.length === 0 ? [] : [{ count: texts.length, time: 1000, source: 'STDOUT' }],
    cursor: null,
    collectorState: null,
    ...changes,
  };
}

/** `count` lines that name their own number, from `first` on. */
export function numbered(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${first + index}`);
}

/** A stored job and the right to write its log. */
export async function leasedJob(
  store: Store,
  changes: Partial<NewJob> = {},
): Promise<{ job: Job; lease: Lease }> {
  const { job } = await store.jobs.insert(newJob(changes));
  const lease = await store.leases.claim(job.id);
  if (lease === null) throw new Error('a new job has no free lease');
  return { job, lease };
}

/** One entry a line, so that differently cut runs compare equal. */
export function perLine(runs: readonly LineRun[]): string[] {
  return runs.flatMap(({ count, time, source, progress }) =>
    Array.from({ length: count }, () => `${time} ${source} ${progress}`),
  );
}

/** A line that follows from its number, now and then a long one. */
export function knownLine(number: number): string {
  return `line ${number} ${'ä'.repeat(number % 97)}${number % 1009 === 0 ? 'x'.repeat(9000) : ''}`;
}

/** Asks for a lease until it is free. */
export async function claimed(store: Store, jobId: string): Promise<Lease> {
  for (;;) {
    const lease = await store.leases.claim(jobId);
    if (lease !== null) return lease;
    await nextTurn();
  }
}
