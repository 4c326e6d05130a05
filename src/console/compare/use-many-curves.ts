import { useEffect, useState } from 'react';
import { type Curve, Curves } from '../chart/curves.ts';
import { useGraph } from '../graph/use.ts';

/** The curves of several jobs, live, in the jobs' order. */
export function useManyCurves(ids: readonly string[]): readonly ReadonlyMap<string, Curve>[] {
  const graph = useGraph();
  const [all, setAll] = useState<readonly ReadonlyMap<string, Curve>[]>([]);
  const key = ids.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the ids
  useEffect(() => {
    const opened = ids.map((id) => new Curves(graph, id));
    const read = () => setAll(opened.map(({ state }) => state.get().curves ?? new Map()));
    const stops = opened.map(({ state }) => state.watch(read));
    return () => {
      for (const stop of stops) stop();
      for (const curves of opened) curves.close();
    };
  }, [graph, key]);
  return all;
}
