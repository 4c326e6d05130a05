import type { GraphError } from '@trainyard/client';
import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import type { Graph } from './graph.ts';
import { asProblem } from './problem.ts';

export const GraphContext = createContext<Graph | null>(null);

export function useGraph(): Graph {
  const graph = useContext(GraphContext);
  if (!graph) throw new Error('There is no graph around this.');
  return graph;
}

export interface Answer<Data> {
  /** The last answer; it stays while the same is asked again. */
  data: Data | undefined;
  error: GraphError | undefined;
  /** Asks again. */
  again: () => void;
}

/** Asks when it is first shown and when the variables change; after a lost connection, again. */
export function useQuery<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Answer<Data> {
  const graph = useGraph();
  const [{ data, error }, setAnswer] = useState<{ data?: Data; error?: GraphError }>({});
  const [round, setRound] = useState(0);
  const key = JSON.stringify(variables);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the variables, `round` for another try
  useEffect(() => {
    let isWanted = true;
    graph.query(document, variables).then(
      (answer) => isWanted && setAnswer({ data: answer }),
      (thrown) => isWanted && setAnswer((last) => ({ ...last, error: asProblem(thrown) })),
    );
    return () => {
      isWanted = false;
    };
  }, [graph, document, key, round]);
  const again = useCallback(() => setRound((last) => last + 1), []);
  const isLost = error?.code === 'DISCONNECTED';
  useEffect(() => {
    if (!isLost) return;
    const timer = setInterval(again, 2_000);
    return () => clearInterval(timer);
  }, [isLost, again]);
  return { data, error, again };
}
