import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/core/job.ts';
import { accrue, limitReached } from '../../../src/jobs/money/cost.ts';
import { jobOf } from '../follow.ts';

const minute = 60_000;
const rate = (perHour: number, at: number) => ({ currency: 'USD', perHour, since: 0, at });

/** A job after reports of its rate, each of a minute of RunPod's time. */
function jobAfter(reports: readonly [minutes: number, perHour: number][], options = {}): Job {
  const job = jobOf('job-a', { options, startedAt: 0 });
  for (const [minutes, perHour] of reports) job.cost = accrue(job, rate(perHour, minutes * minute));
  return job;
}

describe('the cost of a job', () => {
  test('adds up each rate for as long as it held', () => {
    const { cost } = jobAfter([
      [0, 0.6],
      [10, 0.6],
      [20, 1.2],
      [30, 1.2],
    ]);
    expect(cost).toMatchObject({ currency: 'USD', perHour: 1.2, limit: null });
    expect(cost?.accrued).toBeCloseTo(0.2 + 0.2);
  });

  test('begins when RunPod began to charge, though nobody looked', () => {
    expect(jobAfter([[30, 0.6]]).cost?.accrued).toBeCloseTo(0.3);
  });

  test('goes on over a long absence while the pod has run on', () => {
    expect(
      jobAfter([
        [0, 0.6],
        [600, 0.6],
      ]).cost?.accrued,
    ).toBeCloseTo(6);
  });

  test('counts no more than ten unseen minutes of a pod that was found stopped', () => {
    expect(
      jobAfter([
        [0, 0.6],
        [600, 0],
      ]).cost?.accrued,
    ).toBeCloseTo(0.1);
  });

  test('stands still while a pod is stopped, and when a clock goes back', () => {
    expect(
      jobAfter([
        [10, 0],
        [90, 0.6],
        [30, 0.6],
      ]).cost?.accrued,
    ).toBeCloseTo(0);
  });
});

describe('a limit', () => {
  test('is reached with the budget', () => {
    const budget = { budgetUsd: 0.5 };
    expect(
      limitReached(
        jobAfter(
          [
            [0, 0.6],
            [49, 0.6],
          ],
          budget,
        ),
      ),
    ).toBeNull();
    expect(
      limitReached(
        jobAfter(
          [
            [0, 0.6],
            [50, 0.6],
          ],
          budget,
        ),
      ),
    ).toMatch(/budget of 0.5 USD/);
  });

  test('is reached with the time', () => {
    const time = { maxHours: 1.5 };
    expect(limitReached(jobAfter([[89, 0.6]], time))).toBeNull();
    expect(limitReached(jobAfter([[90, 0.6]], time))).toMatch(/1.5 hours/);
  });

  test('counts from when the pod began to cost, though the training has not begun', () => {
    const job = jobAfter([[30, 0.6]], { maxHours: 1.5 });
    job.startedAt = null;
    expect(limitReached(job)).toBeNull();
    job.cost = accrue(job, rate(0.6, 90 * minute));
    expect(limitReached(job)).toMatch(/1.5 hours/);
  });

  test('counts from the first look where the provider does not say since when it charges', () => {
    const job = jobOf('job-a', { options: { maxHours: 1.5 } });
    for (const minutes of [60, 149]) {
      const at = minutes * minute;
      job.cost = accrue(job, { ...rate(0.6, at), since: at });
    }
    expect(limitReached(job)).toBeNull();
    job.cost = accrue(job, { ...rate(0.6, 150 * minute), since: 150 * minute });
    expect(limitReached(job)).toMatch(/1.5 hours/);
  });

  test('is none where none was given', () => {
    expect(limitReached(jobAfter([[100_000, 10]]))).toBeNull();
  });
});
