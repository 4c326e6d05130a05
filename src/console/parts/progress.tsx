import type { JobFragment } from '@trainyard/client';
import { count, duration } from './format.ts';
import { isOver } from './status.tsx';

/** How far a job is, and when it will be over; or what it waits for; or how long it took. */
export function Progress({ job }: { job: JobFragment }) {
  const percent = job.progress?.percent ?? null;
  const isLive = !isOver(job.status);
  return (
    <span className="progress">
      {isLive && percent !== null && (
        <progress max={100} value={percent} aria-label={`Progress of ${job.name}`} />
      )}
      <span className="muted number">{progressText(job)}</span>
    </span>
  );
}

/** The same as words. */
function progressText(job: JobFragment): string {
  const { status, progress, waitsFor } = job;
  if (status === 'QUEUED') return waitsFor ? waitsText(waitsFor) : 'waits';
  if (isOver(status)) {
    const took = secondsTaken(job);
    const step = status === 'COMPLETED' ? '' : stepText(progress);
    return [step, took === null ? '' : duration(took)].filter(Boolean).join(', ');
  }
  const left = progress?.secondsRemaining;
  return [
    progress?.percent != null ? `${Math.floor(progress.percent)}%` : stepText(progress),
    left != null ? `${duration(left)} left` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

function waitsText({ position, message }: NonNullable<JobFragment['waitsFor']>): string {
  if (position === null) return message;
  return position === 1 ? 'next to start' : `number ${position} in the queue`;
}

/** `step 620 of 1,000`. */
export function stepText(progress: JobFragment['progress']): string {
  if (progress?.step == null) return '';
  const of = progress.totalSteps == null ? '' : ` of ${count(progress.totalSteps)}`;
  return `step ${count(progress.step)}${of}`;
}

function secondsTaken({ startedAt, finishedAt }: JobFragment): number | null {
  if (!startedAt || !finishedAt) return null;
  return (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
}
