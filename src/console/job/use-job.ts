import {
  type GraphError,
  JobChangedDocument,
  JobDocument,
  type JobFragment,
} from '@trainyard/client';
import { useEffect, useState } from 'react';
import { asProblem } from '../graph/problem.ts';
import { useGraph } from '../graph/use.ts';

export interface JobState {
  /** Undefined until it is known; null where there is none, or no longer. */
  job: JobFragment | null | undefined;
  wasDeleted: boolean;
  error: GraphError | null;
}

/** One job, live. */
export function useJob(id: string): JobState {
  const graph = useGraph();
  const [state, setState] = useState<JobState>(unknown);
  useEffect(() => {
    setState(unknown);
    let isLeft = false;
    const change = (part: Partial<JobState>) => {
      if (!isLeft) setState((last) => ({ ...last, ...part }));
    };
    graph.query(JobDocument, { id }).then(
      ({ job }) => change({ job }),
      (error) => change({ error: asProblem(error) }),
    );
    const stop = graph.follow(
      JobChangedDocument,
      { filter: { ids: [id] } },
      {
        next: ({ jobChanged: told }) => {
          if ('job' in told) change({ job: told.job, error: null });
          else if (told.deletedJobId === id) change({ job: null, wasDeleted: true });
        },
        failed: (error) => change({ error }),
      },
    );
    return () => {
      isLeft = true;
      stop();
    };
  }, [graph, id]);
  return state;
}

const unknown: JobState = { job: undefined, wasDeleted: false, error: null };
