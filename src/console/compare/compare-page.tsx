import { type JobFragment, JobsDocument } from '@trainyard/client';
import { type ReactNode, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { jobPath } from '../address.ts';
import { byName } from '../chart/by-name.ts';
import { useQuery } from '../graph/use.ts';
import { Empty } from '../parts/empty.tsx';
import { duration, money, value } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { stepText } from '../parts/progress.tsx';
import { Status } from '../parts/status.tsx';
import { useTitle } from '../parts/title.ts';
import { ComparedCurve } from './compared-curve.tsx';
import { differences } from './difference.ts';
import { useManyCurves } from './use-many-curves.ts';

/** The most jobs that are compared: as many as there are colours that one can tell apart. */
const maxCompared = 6;

/** Some jobs side by side: how they ended, in what they differ, and their curves over each other. */
export function ComparePage() {
  useTitle('Compare');
  const [params] = useSearchParams();
  const ids = (params.get('ids') ?? '').split(',').filter(Boolean).slice(0, maxCompared);
  const { data, error, again } = useQuery(JobsDocument, { first: maxCompared, filter: { ids } });
  if (error) return <Problem error={error} again={again} />;
  if (!data) return null;
  const found = new Map(data.jobs?.edges.map(({ node }) => [node.id, node]));
  const jobs = ids.flatMap((id) => found.get(id) ?? []);
  if (jobs.length === 0) {
    return (
      <Empty title="Nothing to compare">
        <p>Choose two or more jobs in the list, and then Compare.</p>
        <Link href="/">All jobs</Link>
      </Empty>
    );
  }
  return <Compared jobs={jobs} />;
}

function Compared({ jobs }: { jobs: readonly JobFragment[] }) {
  const curves = useManyCurves(jobs.map(({ id }) => id));
  const [isLog, setLog] = useState(false);
  const colors = jobs.map((_, index) => `--job-${index + 1}`);
  const names = [...new Set(curves.flatMap((of) => [...of.keys()]))].sort(byName);
  const settings = differences(
    jobs.map(({ config, recipe, modelName, datasetPath, provider }) => ({
      recipe,
      model: modelName,
      'data set': datasetPath,
      provider: provider.name,
      config,
    })),
  );
  return (
    <div className="page compare">
      <h1>Compare</h1>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, and so must the keyboard */}
      <section className="sideways" tabIndex={0} aria-label="Jobs side by side">
        <table>
          <thead>
            <tr>
              <td />
              {jobs.map((job, index) => (
                <th key={job.id} scope="col">
                  <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
                    <circle className={`job-${index + 1}`} cx="5" cy="5" r="5" />
                  </svg>{' '}
                  <Link href={jobPath(job.id)}>{job.name}</Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Row name="Status" jobs={jobs} cell={(job) => <Status status={job.status} />} />
            <Row name="Loss" jobs={jobs} cell={lossText} />
            <Row name="Steps" jobs={jobs} cell={({ progress }) => stepText(progress).slice(5)} />
            <Row name="Took" jobs={jobs} cell={tookText} />
            {jobs.some(({ cost }) => cost) && (
              <Row
                name="Cost"
                jobs={jobs}
                cell={({ cost }) => cost && money(cost.accrued, cost.currency)}
              />
            )}
            {settings.map(({ path, values }) => (
              <tr key={path}>
                <th scope="row" className="mono">
                  {path}
                </th>
                {values.map((text, index) => (
                  <td key={jobs[index]?.id} className="mono">
                    {text ?? <span className="muted">not set</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {settings.length === 0 && jobs.length > 1 && (
        <p className="muted">They have the same settings.</p>
      )}
      {names.length > 0 && (
        <div>
          <button type="button" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
            Log scale
          </button>
        </div>
      )}
      <div className="chart-grid">
        {names.map((name) => (
          <ComparedCurve
            key={name}
            curves={curves.map((of) => of.get(name))}
            {...{ name, colors, isLog }}
          />
        ))}
      </div>
    </div>
  );
}

function Row(props: {
  name: string;
  jobs: readonly JobFragment[];
  cell: (job: JobFragment) => ReactNode;
}) {
  return (
    <tr>
      <th scope="row">{props.name}</th>
      {props.jobs.map((job) => (
        <td key={job.id} className="number">
          {props.cell(job)}
        </td>
      ))}
    </tr>
  );
}

function lossText({ progress }: JobFragment): ReactNode {
  if (progress?.lossNotFinite) return <strong className="wrong">NaN</strong>;
  return progress?.loss == null ? '' : value(progress.loss);
}

function tookText({ startedAt, finishedAt }: JobFragment): string {
  if (!startedAt) return '';
  const end = finishedAt ? Date.parse(finishedAt) : Date.now();
  return duration((end - Date.parse(startedAt)) / 1000);
}
