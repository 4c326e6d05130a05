import { JobDocument, ProvidersDocument } from '@trainyard/client';
import { Link, useSearchParams } from 'wouter';
import { jobPath } from '../address.ts';
import { useQuery } from '../graph/use.ts';
import { Problem } from '../parts/problem.tsx';
import { useTitle } from '../parts/title.ts';
import { DeployForm } from './deploy-form.tsx';

/** Starts a job; with `?from=ID` in the address, one like another. */
export function DeployPage() {
  useTitle('Deploy');
  const [params] = useSearchParams();
  const from = params.get('from');
  const { data, error, again } = useQuery(ProvidersDocument, {});
  const like = useQuery(JobDocument, { id: from ?? '' });
  const problem = error ?? (from === null ? undefined : like.error);
  if (!data || (from !== null && !like.data)) {
    return problem ? (
      <div className="page">
        <Problem error={problem} again={again} />
      </div>
    ) : null;
  }
  const job = from === null ? null : (like.data?.job ?? null);
  return (
    <div className="page deploy">
      <h1>Deploy a job</h1>
      {job && (
        <p>
          With the settings of <Link href={jobPath(job.id)}>{job.name}</Link>. Change what should be
          different.
          {job.provider.kind === 'RUNPOD' &&
            ' Environment variables and what you leave empty for RunPod stay as they were.'}
        </p>
      )}
      <DeployForm key={from} providers={data.providers} like={job} />
    </div>
  );
}
