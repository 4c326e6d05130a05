import type { JobFragment } from '@trainyard/client';
import type { ReactNode } from 'react';
import { Ago, useNow } from '../parts/ago.tsx';
import { duration, money, value } from '../parts/format.ts';
import { stepText } from '../parts/progress.tsx';
import { isOver, Status } from '../parts/status.tsx';
import { Actions } from './actions.tsx';

/** What a job is and how far it has come; below, what else there is to see of it. */
export function JobHead({ job, children }: { job: JobFragment; children: ReactNode }) {
  const { provider, progress, cost } = job;
  return (
    <header className="job-head">
      <div className="job-title">
        <h1>{job.name}</h1>
        <Status status={job.status} stale={job.stale} />
        <Actions job={job} />
      </div>
      <p className="facts muted">
        <span>{job.recipe}</span>
        <span>{job.modelName}</span>
        <span>
          {job.consoleUrl ? (
            <a href={job.consoleUrl} rel="noreferrer" target="_blank">
              {provider.name} ↗
            </a>
          ) : (
            provider.name
          )}
        </span>
        <span>
          deployed <Ago time={job.createdAt} />
        </span>
        <Time job={job} />
        {job.tags.map((tag) => (
          <span key={tag}>#{tag}</span>
        ))}
      </p>
      {job.waitsFor && <p className="notice">{job.waitsFor.message}</p>}
      {job.stale && (
        <p className="notice warn">
          The provider has not reported this job for some seconds. What is shown may be out of date.
        </p>
      )}
      {job.note && <p className="notice">{job.note}</p>}
      <div className="job-parts">
        {children}
        <dl className="figures number">
          {progress?.percent != null && (
            <Figure name="Progress">
              {!isOver(job.status) && (
                <progress max={100} value={progress.percent} aria-label="Progress" />
              )}
              {`${Math.floor(progress.percent)}%`}
            </Figure>
          )}
          {progress?.step != null && <Figure name="Step">{stepText(progress).slice(5)}</Figure>}
          {progress?.secondsRemaining != null && !isOver(job.status) && (
            <Figure name="Left">{duration(progress.secondsRemaining)}</Figure>
          )}
          {(progress?.loss != null || progress?.lossNotFinite) && (
            <Figure name="Loss">
              {progress.loss != null ? (
                value(progress.loss)
              ) : (
                <strong className="wrong">NaN</strong>
              )}
            </Figure>
          )}
          {progress?.learningRate != null && (
            <Figure name="Learning rate">{value(progress.learningRate)}</Figure>
          )}
          {cost && (
            <Figure name="Cost">
              {money(cost.accrued, cost.currency)}
              {cost.limit !== null && ` of ${money(cost.limit, cost.currency)}`}
              <span className="muted">{` ${money(cost.perHour, cost.currency)} an hour`}</span>
            </Figure>
          )}
        </dl>
      </div>
      {/* A screen reader hears how the job is, not each of its lines. */}
      <output className="unseen" aria-live="polite">
        {`${job.name} is ${job.status.toLowerCase()}. ${job.failure?.message ?? ''}`}
      </output>
    </header>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** How long it has trained, or took. */
function Time({ job }: { job: JobFragment }) {
  const now = useNow(1_000);
  if (!job.startedAt) return null;
  const end = job.finishedAt ? Date.parse(job.finishedAt) : now;
  const length = duration((end - Date.parse(job.startedAt)) / 1000);
  return <span>{job.finishedAt ? `took ${length}` : `for ${length}`}</span>;
}
