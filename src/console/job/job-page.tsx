import type { JobFragment } from '@trainyard/client';
import { Link, useLocation, useSearchParams } from 'wouter';
import { jobPath } from '../address.ts';
import { Charts } from '../chart/charts.tsx';
import { lineLink } from '../log/line-link.ts';
import { LogView } from '../log/log-view.tsx';
import { Empty } from '../parts/empty.tsx';
import { Problem } from '../parts/problem.tsx';
import { wordOf } from '../parts/status.tsx';
import { useTitle } from '../parts/title.ts';
import { Failure } from './failure.tsx';
import { JobHead } from './job-head.tsx';
import { LossStrip } from './loss-strip.tsx';
import { Outputs } from './outputs.tsx';
import { Settings } from './settings.tsx';
import { useJob } from './use-job.ts';

const tabs = [
  { tab: 'log', title: 'Log' },
  { tab: 'charts', title: 'Charts' },
  { tab: 'outputs', title: 'Outputs' },
  { tab: 'settings', title: 'Settings' },
] as const;

/** One job: how it is, and its log, curves and settings. */
export function JobPage({ params: { id } }: { params: { id: string } }) {
  const { job, wasDeleted, error } = useJob(id);
  useTitle(job ? `${job.name}: ${wordOf(job.status).toLowerCase()}` : 'Job');
  if (job === null) {
    return (
      <Empty title={wasDeleted ? 'This job was deleted' : 'There is no such job'}>
        <p>
          {wasDeleted
            ? 'Its log went with it.'
            : `No job has the id ${id}. It may have been deleted.`}
        </p>
        <Link href="/">All jobs</Link>
      </Empty>
    );
  }
  if (!job) return error && <Problem error={error} />;
  return <Job job={job} />;
}

function Job({ job }: { job: JobFragment }) {
  const [params, setParams] = useSearchParams();
  const [, go] = useLocation();
  const here = tabs.find(({ tab }) => tab === params.get('tab'))?.tab ?? 'log';
  const showLine = (line: number) => {
    if (here === 'log') location.hash = lineLink([line, line]);
    else go(`${jobPath(job.id)}${lineLink([line, line])}`);
  };
  return (
    <div className="job">
      <JobHead job={job}>
        <fieldset className="tabs">
          <legend className="unseen">Part</legend>
          {tabs.map(({ tab, title }) => (
            <button
              key={tab}
              type="button"
              aria-pressed={tab === here}
              onClick={() => setParams(tab === 'log' ? {} : { tab })}
            >
              {title}
            </button>
          ))}
        </fieldset>
      </JobHead>
      <Failure job={job} showLine={showLine} />
      {here === 'log' && (
        <>
          <LossStrip job={job} showLine={showLine} />
          <LogView
            key={job.id}
            jobId={job.id}
            name={job.name}
            start={job.startedAt ?? job.createdAt}
          />
        </>
      )}
      {here === 'charts' && <Charts jobId={job.id} showLine={showLine} />}
      {here === 'outputs' && <Outputs jobId={job.id} />}
      {here === 'settings' && <Settings job={job} />}
    </div>
  );
}
