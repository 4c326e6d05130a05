import {
  CancelJobDocument,
  DeleteJobDocument,
  type JobFragment,
  UpdateJobDocument,
} from '@trainyard/client';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { asProblem } from '../graph/problem.ts';
import { useGraph } from '../graph/use.ts';
import { Ask } from '../parts/ask.tsx';
import { isOver } from '../parts/status.tsx';
import { Watch } from './watch.tsx';

/** What one can do with a job as it is now. */
export function Actions({ job }: { job: JobFragment }) {
  const graph = useGraph();
  const [, go] = useLocation();
  const [asked, setAsked] = useState<'cancel' | 'force' | 'delete' | null>(null);
  const close = () => setAsked(null);
  const cancel = (force: boolean) => async () => {
    await graph.mutate(CancelJobDocument, { input: { jobId: job.id, force } });
    close();
  };
  const pin = () => {
    const input = { jobId: job.id, pinned: !job.pinned };
    // Where it fails, the button stays as it is.
    graph.mutate(UpdateJobDocument, { input }).catch((error) => console.warn(asProblem(error)));
  };
  return (
    <span className="actions">
      <Watch job={job} />
      <button type="button" aria-pressed={job.pinned} onClick={pin}>
        {job.pinned ? 'Pinned' : 'Pin'}
      </button>
      <Link className="button" href={`/deploy?from=${encodeURIComponent(job.id)}`}>
        Run again
      </Link>
      {!isOver(job.status) && job.status !== 'STOPPING' && (
        <button type="button" className="danger" onClick={() => setAsked('cancel')}>
          Cancel
        </button>
      )}
      {job.status === 'STOPPING' && (
        <button type="button" className="danger" onClick={() => setAsked('force')}>
          End at once
        </button>
      )}
      {isOver(job.status) && (
        <button type="button" className="danger" onClick={() => setAsked('delete')}>
          Delete
        </button>
      )}
      {asked === 'cancel' && (
        <Ask
          title={`Cancel ${job.name}?`}
          yes="Cancel the job"
          no="Let it train"
          act={cancel(false)}
          close={close}
        >
          It is asked to end, and has time to save a checkpoint.
        </Ask>
      )}
      {asked === 'force' && (
        <Ask
          title={`End ${job.name} at once?`}
          yes="End it at once"
          no="Wait"
          act={cancel(true)}
          close={close}
        >
          It has no time to save anything more.
        </Ask>
      )}
      {asked === 'delete' && (
        <Ask
          title={`Delete ${job.name}?`}
          yes="Delete the job and its log"
          no="Keep it"
          act={async () => {
            await graph.mutate(DeleteJobDocument, { input: { jobId: job.id } });
            go('/');
          }}
          close={close}
        >
          Its whole log goes, too, and does not come back. Files on the machine that trained it
          stay.
        </Ask>
      )}
    </span>
  );
}
