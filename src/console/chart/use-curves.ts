import { useEffect, useState } from 'react';
import { useGraph } from '../graph/use.ts';
import { useValue, Value } from '../graph/value.ts';
import { Curves, type CurvesState } from './curves.ts';

const nothing = new Value<CurvesState>({ curves: null, error: null });

/** A job's curves, live while they are shown. */
export function useCurves(jobId: string): CurvesState {
  const graph = useGraph();
  const [curves, setCurves] = useState<Curves | null>(null);
  useEffect(() => {
    const opened = new Curves(graph, jobId);
    setCurves(opened);
    return () => opened.close();
  }, [graph, jobId]);
  return useValue(curves?.state ?? nothing);
}
