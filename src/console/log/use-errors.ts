import { FindMatchesDocument, OverviewOfLogDocument } from '@trainyard/client';
import { useEffect, useState } from 'react';
import { useGraph } from '../graph/use.ts';
import { useValue } from '../graph/value.ts';
import type { LogScreen } from './screen.ts';

/** In how many parts of the log errors are told apart: as many as a screen has rows of pixels for them. */
const buckets = 200;
/** They are counted again when the log has grown by so much. */
const growth = 1.5;

export interface LogErrors {
  count: number;
  /** The first lines of the parts that have errors. */
  offsets: readonly number[];
  /** Shows the next error, from the first one on again behind the last. */
  next: () => void;
}

interface Found {
  count: number;
  offsets: readonly number[];
  /** How long the log was. */
  total: number;
}

const none: Found = { count: 0, offsets: [], total: 0 };

/** Where a log's errors are. */
export function useErrors(screen: LogScreen, jobId: string): LogErrors {
  const graph = useGraph();
  const { total, isComplete } = useValue(screen.state);
  const [found, setFound] = useState(none);
  const isOld = total > found.total * growth || (isComplete && total > found.total);
  useEffect(() => {
    if (!isOld) return;
    let isWanted = true;
    graph.query(OverviewOfLogDocument, { jobId, buckets }).then(
      ({ logOverview: overview }) => {
        if (!isWanted || !overview) return;
        const offsets = overview.buckets
          .filter(({ errors }) => errors > 0)
          .map(({ offset }) => offset);
        setFound({ count: overview.errors, offsets, total: overview.total });
      },
      // The log can be read all the same.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [graph, jobId, isOld]);
  const nearest = async (after: number | null): Promise<number | null> => {
    const filter = { minLevel: 'ERROR' } as const;
    const { logMatches } = await graph.query(FindMatchesDocument, { jobId, filter, after });
    return logMatches?.matches[0]?.line.offset ?? null;
  };
  const next = async () => {
    try {
      const line = (await nearest(screen.line)) ?? (await nearest(null));
      if (line !== null) screen.goTo([line, line]);
    } catch {
      // The count stays, and another click tries again.
    }
  };
  return { count: found.count, offsets: found.offsets, next: () => void next() };
}
