import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOver, type Job, type JobFailure, jobStatuses } from '../../src/core/job.ts';
import { applyEvent, eventMeanings, eventOf, type JobEvent } from '../../src/jobs/states.ts';
import { jobOf } from '../providers/follow.ts';

const names = Object.keys(eventMeanings).filter(
  (name): name is JobEvent['name'] => name in eventMeanings,
);
const created = 1000;
const failure: JobFailure = {
  message: 'why',
  exitCode: 1,
  signal: null,
  offset: null,
  excerpt: [],
};

/** Events in any order; the server's clock goes on, or is set back, and the provider has its own. */
const events = fc.array(
  fc.record({
    name: fc.constantFrom(...names),
    now: fc.integer({ min: 0, max: 5000 }),
    status: fc.constantFrom(...jobStatuses),
    startedAt: fc.option(fc.integer({ min: 1, max: 5000 })),
    finishedAt: fc.option(fc.integer({ min: 1, max: 5000 })),
    byForce: fc.boolean(),
    failure: fc.constantFrom(null, failure),
  }),
  { maxLength: 12 },
);

/** The job after each event, itself first. */
function lives(given: readonly JobEvent[]): Job[] {
  const jobs: Job[] = [{ ...jobOf('a'), status: 'QUEUED', createdAt: created }];
  for (const event of given) {
    const job = jobs.at(-1);
    if (job) jobs.push({ ...job, ...applyEvent(job, event) });
  }
  return jobs;
}

test('no order of events leaves an end', () => {
  fc.assert(
    fc.property(events, (given) => {
      const jobs = lives(given);
      const end = jobs.findIndex(({ status }) => isOver(status));
      if (end < 0) return;
      for (const job of jobs.slice(end)) expect(job).toEqual(jobs[end]);
    }),
    { numRuns: 500 },
  );
});

test('a cancel that was accepted is STOPPING, and ends CANCELLED whatever else is told', () => {
  fc.assert(
    fc.property(events, fc.constantFrom(...names), (given, last) => {
      const jobs = lives([...given, { name: last, now: 9999, status: 'RUNNING' }]);
      for (const { status, cancelledAt } of jobs) {
        if (cancelledAt !== null) expect(['STOPPING', 'CANCELLED']).toContain(status);
      }
    }),
    { numRuns: 500 },
  );
});

test('times are set once, and in order by the clock that they are of', () => {
  fc.assert(
    fc.property(events, (given) => {
      const jobs = lives(given);
      for (const [at, job] of jobs.entries()) {
        const { startedAt, finishedAt, cancelRequestedAt, cancelledAt, status } = job;
        expect(finishedAt === null).toBe(!isOver(status));
        expect(startedAt ?? 0).toBeLessThanOrEqual(finishedAt ?? startedAt ?? 0);
        expect(cancelRequestedAt ?? created).toBeGreaterThanOrEqual(created);
        expect(cancelledAt ?? 9999).toBeGreaterThanOrEqual(cancelRequestedAt ?? created);
        const before = jobs[at - 1];
        if (before?.startedAt != null) expect(startedAt).toBe(before.startedAt);
        if (before?.cancelledAt != null) expect(cancelledAt).toBe(before.cancelledAt);
        if (status === 'RUNNING') expect(startedAt).not.toBeNull();
      }
    }),
    { numRuns: 500 },
  );
});

test('a cancel without an answer: success is success, any other end is that of the cancel', () => {
  const ends = jobStatuses.filter(isOver).map((status) => {
    const told = { name: eventOf(status), status, now: 3 };
    return [status, lives([{ name: 'cancelAsked', now: 2 }, told]).at(-1)?.status];
  });
  expect(Object.fromEntries(ends)).toEqual({
    COMPLETED: 'COMPLETED',
    FAILED: 'CANCELLED',
    CANCELLED: 'CANCELLED',
    LOST: 'LOST',
  });
});

test('a cancel that nobody took is forgotten, with the reason that it was asked for', () => {
  const [, asked, withdrawn] = lives([
    { name: 'cancelAsked', now: 2000, byForce: true, failure },
    { name: 'cancelWithdrawn', now: 2001 },
  ]);
  expect(asked).toMatchObject({ cancelRequestedAt: 2000, cancelByForce: true, failure });
  expect(withdrawn).toMatchObject({
    cancelRequestedAt: null,
    cancelByForce: false,
    failure: null,
    status: 'QUEUED',
  });
});
